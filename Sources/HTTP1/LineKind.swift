/// The kinds of lines that a request consists of, beside its body.
enum LineKind {
    case request, field, chunkSize, trailer
}
