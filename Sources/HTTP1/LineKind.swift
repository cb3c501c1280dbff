/// The kinds of lines in a request, apart from its body.
enum LineKind {
    case request, field, chunkSize, trailer
}
