/// Reads JSON texts with the server's reader, each in a heap block of its own that ends where the promised padding
/// ends, so that AddressSanitizer or valgrind sees the first byte that is read beyond it.
///
/// stdin: any number of texts, each preceded by its length (32 bits, little-endian). stdout: a line for each, with the
/// outcome, the number of rows and the stored rows' cells: the kind's digit, and for a number the bits of the double
/// in hex. With --read-beyond it reads one byte too many itself, to check that the tool reports it.
#include "CSimdjson.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace {

constexpr size_t max_rows = 1000, max_bytes = 1 << 20, max_depth = 64;
const char *const names[] = {"MedInc", "HouseAge", "AveRooms", "AveBedrms",
                             "Population", "AveOccup", "Latitude", "Longitude"};
constexpr size_t columns = sizeof names / sizeof *names;

/// Exactly as large as promised; only the padding is zeroed, all else is garbage until it is written.
struct block {
    std::unique_ptr<uint8_t, decltype(&std::free)> bytes;
    size_t length;

    explicit block(size_t length)
        : bytes(static_cast<uint8_t *>(std::malloc(length + row_reader_padding())), &std::free), length(length) {
        std::memset(bytes.get() + length, 0, row_reader_padding());
    }
};

void print_rows(const row_reader_result &read, const block &json) {
    std::printf("%d %zu", read.outcome, read.row_count);
    size_t stored = read.outcome == ROW_READER_ROWS && read.row_count <= max_rows ? read.row_count : 0;
    for (size_t cell = 0; cell < stored * columns; cell++) {
        uint64_t bits;
        std::memcpy(&bits, &read.values[cell], sizeof bits);
        if (read.kinds[cell] == ROW_CELL_NUMBER) {
            std::printf(" 0%" PRIx64, bits);
            continue;
        }
        std::printf(" %d", read.kinds[cell]);
        bool own = read.kinds[cell] != ROW_CELL_MISSING && read.kinds[cell] != ROW_CELL_NO_OBJECT;
        size_t offset = own ? read.offsets[cell] : read.row_offsets[cell / columns];
        // The value that an error shows lies within the text.
        size_t length = row_reader_value_length(json.bytes.get(), json.length, offset);
        if (offset + length > json.length) std::abort();
    }
    std::putchar('\n');
}

} // namespace

int main(int count, char **arguments) {
    if (count > 1 && std::strcmp(arguments[1], "--read-beyond") == 0) {
        block json(1);
        volatile const uint8_t *bytes = json.bytes.get();
        static_cast<void>(bytes[1 + row_reader_padding()]);
        return EXIT_SUCCESS;
    }
    row_reader *rows = row_reader_create(names, columns, max_rows, max_bytes, max_depth);
    tensor_reader *tensors = tensor_reader_create("prediction", columns, columns * max_rows, max_bytes, max_depth);
    if (!rows || !tensors) return EXIT_FAILURE;
    uint32_t length;
    while (std::fread(&length, sizeof length, 1, stdin) == 1) {
        block json(length);
        if (std::fread(json.bytes.get(), 1, length, stdin) != length) return EXIT_FAILURE;
        print_rows(row_reader_read(rows, json.bytes.get(), length), json);
        // The other two readers must accept the same bytes; their results have tests of their own.
        std::vector<double> numbers(3);
        row_reader_read_numbers(rows, json.bytes.get(), length, numbers.data(), numbers.size());
        tensor_reader_read(tensors, json.bytes.get(), length);
    }
    row_reader_destroy(rows);
    tensor_reader_destroy(tensors);
}
