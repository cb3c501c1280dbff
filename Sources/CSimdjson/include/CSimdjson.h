/// JSON bytes in, rows or tensors of doubles out, or what is wrong and where.
///
/// Reads one JSON array of flat objects with a fixed set of numeric fields, or one inference request, through simdjson's
/// On-Demand API. Every value of the document is consumed, ignored ones too, so that a text is accepted only if all of it is well formed.
/// It knows nothing of what the fields mean: bounds and messages are the caller's.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What the body is as a whole.
typedef enum : uint8_t {
    ROW_READER_ROWS,          ///< one well-formed JSON array
    ROW_READER_NOT_A_LIST,    ///< well-formed JSON, but no array
    ROW_READER_JSON_INVALID,  ///< not exactly one well-formed JSON text within the nesting limit
} row_reader_outcome;

/// What stands in one cell of a row; all zero means that the row is complete.
typedef enum : uint8_t {
    ROW_CELL_NUMBER = 0,      ///< a finite number, or a string that holds one
    ROW_CELL_NOT_FINITE = 1,  ///< a grammatical number that overflows a double
    ROW_CELL_NOT_NUMERIC = 2, ///< a string that holds no JSON number
    ROW_CELL_WRONG_TYPE = 3,  ///< true, false, null, an array or an object
    ROW_CELL_MISSING = 4,     ///< the object has no such key
    ROW_CELL_NO_OBJECT = 5,   ///< the array's element is not an object (in all cells of the row)
} row_cell_kind;

/// Added to the length of a number that has no point.
enum { ROW_TEXT_WITHOUT_POINT = 0x80 };

/// The rows of the body read last; pointers are valid until the next read.
typedef struct {
    row_reader_outcome outcome;
    /// Elements of the array; only the first `max_rows` of them are stored.
    size_t row_count;
    /// `columns` values per stored row; meaningful where the cell is ROW_CELL_NUMBER.
    const double *_Nonnull values;
    /// `columns` kinds per stored row.
    const uint8_t *_Nonnull kinds;
    /// `columns` offsets per stored row: where the cell's JSON value begins in the body.
    const uint32_t *_Nonnull offsets;
    /// `columns` lengths per stored row: the bytes of the cell's number in the body, where Python's `repr` prints the
    /// number's double with the same bytes, or with `.0` after them (ROW_TEXT_WITHOUT_POINT); 0 where that is not known.
    const uint8_t *_Nonnull text_lengths;
    /// One per stored row: where the array's element begins in the body.
    const uint32_t *_Nonnull row_offsets;
    /// For ROW_READER_JSON_INVALID: what is wrong, in English, a static string.
    const char *_Nullable reason;
} row_reader_result;

typedef struct row_reader row_reader;

/// A reader for rows of the named columns, reusable for any number of bodies, for one thread at a time.
/// `max_bytes` < 4 GiB. NULL when memory is short.
row_reader *_Nullable row_reader_create(const char *_Nonnull const *_Nonnull names, size_t columns, size_t max_rows,
                                        size_t max_bytes, size_t max_depth);
void row_reader_destroy(row_reader *_Nullable reader);

/// How many bytes after a body must be readable. They must be zero.
size_t row_reader_padding(void);

/// Reads one body of `length` bytes, followed by `row_reader_padding()` readable ones.
row_reader_result row_reader_read(row_reader *_Nonnull reader, const uint8_t *_Nonnull json, size_t length);

/// Reads a body that must be one JSON array of exactly `count` finite numbers; false if it is anything else.
bool row_reader_read_numbers(row_reader *_Nonnull reader, const uint8_t *_Nonnull json, size_t length,
                             double *_Nonnull numbers, size_t count);

/// The length in bytes of the JSON value that begins at `offset` of a body that `row_reader_read` found well formed.
size_t row_reader_value_length(const uint8_t *_Nonnull json, size_t length, size_t offset);

/// A string of the body, in UTF-8 and without its escapes.
typedef struct {
    /// NULL where there is no such string.
    const uint8_t *_Nullable start;
    size_t length;
} json_string;

/// One tensor of an Open Inference Protocol request.
typedef struct {
    json_string name;
    json_string datatype;
    bool has_shape;
    bool has_data;
    /// Entries of `shape`; of more than two only the first two are stored.
    size_t rank;
    /// 0 or more; -1 for anything that is not such an integer.
    int64_t shape[2];
    /// 1 for a flat list, 2 for lists of the same length in a list, 0 for anything else.
    size_t data_rank;
    /// The lengths of `data`'s lists, as far as `data_rank` goes.
    size_t data_shape[2];
    /// Where its numbers begin among all tensors', and how many there are.
    size_t first;
    size_t count;
} json_tensor;

/// The tensors of the body read last; pointers are valid until the next read.
typedef struct {
    /// NULL if the body is JSON and an inference request; else what is wrong, in English, a static string.
    const char *_Nullable reason;
    /// Whether a body that is not a request names `binary_data_size`, the parameter of a tensor in binary form.
    bool names_binary_size;
    json_string id;
    /// The first requested output that is not the known one.
    json_string unknown_output;
    /// Entries of `inputs`; only the first `max_tensors` of them are stored.
    size_t tensor_count;
    const json_tensor *_Nonnull tensors;
    /// Numbers in all `data`; only the first `max_numbers` of them are stored.
    size_t number_count;
    const double *_Nonnull values;
    /// ROW_CELL_NUMBER, ROW_CELL_NOT_FINITE, or ROW_CELL_WRONG_TYPE for anything that is not a number.
    const uint8_t *_Nonnull kinds;
} tensor_reader_result;

typedef struct tensor_reader tensor_reader;

/// A reader for inference requests, reusable as a `row_reader` is. NULL when memory is short.
///
/// `max_bytes` < 4 GiB; `output` is the name of the only output that may be asked for.
tensor_reader *_Nullable tensor_reader_create(const char *_Nonnull output, size_t max_tensors, size_t max_numbers,
                                              size_t max_bytes, size_t max_depth);
void tensor_reader_destroy(tensor_reader *_Nullable reader);

/// Reads one body of `length` bytes, followed by `row_reader_padding()` readable ones.
///
/// Source of the format: https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md.
tensor_reader_result tensor_reader_read(tensor_reader *_Nonnull reader, const uint8_t *_Nonnull json, size_t length);

#ifdef __cplusplus
}
#endif
