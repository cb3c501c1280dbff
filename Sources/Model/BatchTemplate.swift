/// The text around the numbers of a batch.
public struct BatchTemplate: Sendable {
    /// What Python prints for a list of pydantic models named `UserIn`: the text whose md5 is the query key.
    public static let canonical = BatchTemplate(
        list: "[", record: "UserIn(", name: { "\($0)=" }, between: ", ", endOfRecord: ")", endOfList: "]")

    /// The `inputs` array of a response, as compact JSON.
    public static let json = BatchTemplate(
        list: "[", record: "{", name: { "\"\($0)\":" }, between: ",", endOfRecord: "}", endOfList: "]")

    /// The pieces one after the other: before each of a record's features, before the very first, after the last.
    ///
    /// After them are as many bytes as a block has, since pieces are read in blocks.
    let bytes: [UInt8]
    /// Where each piece begins, and where the last one ends.
    let starts: [Int]

    private static let first = Feature.count
    private static let last = Feature.count + 1

    private init(
        list: String, record: String, name: (String) -> String, between: String, endOfRecord: String, endOfList: String
    ) {
        let names = Feature.allCases.map { name($0.name) }
        var pieces = names.map { between + $0 }
        pieces[0] = endOfRecord + between + record + names[0]
        pieces.append(list + record + names[0])
        pieces.append(endOfRecord + endOfList)
        precondition(pieces.allSatisfy { $0.utf8.count <= CopyBlock.scalarCount })
        bytes = pieces.flatMap { Array($0.utf8) } + [UInt8](repeating: 0, count: CopyBlock.scalarCount)
        starts = pieces.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.utf8.count) }
    }

    /// The piece before the number at this index of a batch, counted over all records.
    func piece(before index: Int) -> Range<Int> {
        piece(index == 0 ? Self.first : index % Feature.count)
    }

    /// The piece after the last number.
    var tail: Range<Int> { piece(Self.last) }

    private func piece(_ number: Int) -> Range<Int> { starts[number]..<starts[number + 1] }

    /// How many bytes are around the numbers of this many records.
    func byteCount(records: Int) -> Int {
        let record = starts[Feature.count]
        return records * record - piece(0).count + piece(Self.first).count + tail.count
    }
}
