#include "json_text.hpp"
#include "plain_rows.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

using namespace json;

struct row_reader : text_reader {
    std::vector<std::string> names;
    std::vector<quoted_name> quoted_names;
    size_t max_rows;
    std::vector<double> values;
    std::vector<uint8_t> kinds;
    std::vector<uint32_t> offsets;
    std::vector<uint8_t> text_lengths;
    std::vector<uint32_t> row_offsets;
    const char *json = nullptr;

    uint32_t offset_of(const char *p) const { return static_cast<uint32_t>(p - json); }

    /// The column of a field's key, `names.size()` if it is not one of ours. `expected` is where keys sent in the
    /// columns' order would stand.
    bool column(ondemand::field &field, size_t expected, size_t &column) {
        const char *raw = field.key().raw();
        if (expected < names.size() && is(raw, names[expected])) {
            column = expected;
            return true;
        }
        raw_string_scan scan(raw);
        if (!scan.paired) return fail(LONE_SURROGATE);
        std::string_view key(raw, scan.end - raw);
        if (scan.escaped) {
            if (error_code error = field.unescaped_key().get(key)) return fail(error);
        }
        for (column = 0; column < names.size(); column++) {
            if (names[column] == key) break;
        }
        return true;
    }

    /// Whether the raw key is this name up to its closing quote (names have no characters that need an escape).
    static bool is(const char *raw, const std::string &name) {
        return std::memcmp(raw, name.data(), name.size()) == 0 && raw[name.size()] == '"';
    }

    bool cell(ondemand::value value, size_t index) {
        offsets[index] = offset_of(value.raw_json_token().data());
        text_lengths[index] = 0;
        ondemand::json_type type;
        if (error_code error = value.type().get(type)) return fail(error);
        row_cell_kind kind = ROW_CELL_WRONG_TYPE;
        if (type == ondemand::json_type::number) {
            if (!number(value, values[index], kind)) return false;
        } else if (type == ondemand::json_type::string) {
            std::string_view text;
            if (!string(value, text)) return false;
            kind = ROW_CELL_NOT_NUMERIC;
            if (!text.empty() && number_length(text) == text.size()) {
                values[index] = nearest_double(text);
                kind = std::isfinite(values[index]) ? ROW_CELL_NUMBER : ROW_CELL_NOT_FINITE;
            }
        } else if (!ignore(value, 2)) {
            return false;
        }
        kinds[index] = kind;
        return true;
    }

    /// Makes room for one row more; the caller's limits bound how far this goes.
    void reserve(size_t rows) {
        if (rows <= row_offsets.size()) return;
        size_t room = std::min(max_rows, std::max(rows, 2 * row_offsets.size()));
        values.resize(room * names.size());
        kinds.resize(room * names.size());
        offsets.resize(room * names.size());
        text_lengths.resize(room * names.size());
        row_offsets.resize(room);
    }

    bool row(ondemand::value value, size_t row) {
        reserve(row + 1);
        row_offsets[row] = offset_of(value.raw_json_token().data());
        ondemand::json_type type;
        if (error_code error = value.type().get(type)) return fail(error);
        size_t first = row * names.size();
        if (type != ondemand::json_type::object) {
            std::memset(&kinds[first], ROW_CELL_NO_OBJECT, names.size());
            return ignore(value, 1);
        }
        std::memset(&kinds[first], ROW_CELL_MISSING, names.size());
        ondemand::object object;
        if (error_code error = value.get_object().get(object)) return fail(error);
        size_t expected = 0;
        for (auto field : object) {
            ondemand::field inner;
            if (error_code error = std::move(field).get(inner)) return fail(error);
            size_t index;
            if (!column(inner, expected, index)) return false;
            bool ours = index < names.size();
            if (!(ours ? cell(inner.value(), first + index) : ignore(inner.value(), 2))) return false;
            expected = index + 1;
        }
        return true;
    }

    bool rows(ondemand::document &document, size_t &count) {
        ondemand::array array;
        if (error_code error = document.get_array().get(array)) return fail(error);
        for (auto element : array) {
            ondemand::value value;
            if (error_code error = std::move(element).get(value)) return fail(error);
            if (!(count < max_rows ? row(value, count) : ignore(value, 1))) return false;
            count++;
        }
        // 3.0.1 has no document::at_end().
        if (document.current_location().error() != OUT_OF_BOUNDS) return fail(TRAILING);
        return true;
    }

    /// Reads a body that is nothing but an array of objects with all keys, in the columns' order, and plain decimals.
    ///
    /// @return false if anything deviates, also more rows than are stored; then nothing is known of the body.
    bool plain_rows(std::string_view body, size_t start, size_t &count) {
        // The padding holds no `]`, so a body whose array ends has been matched within its length.
        const char *p = skip_white_space(body.data() + start + 1);
        size_t row = 0;
        for (;; p = skip_white_space(p + 1)) {
            if (row == max_rows || *p != '{') return false;
            reserve(row + 1);
            row_offsets[row] = offset_of(p);
            size_t index = row * names.size();
            for (const quoted_name &name : quoted_names) {
                p = skip_white_space(p + 1);
                if (!name.is_at(p)) return false;
                p = skip_white_space(p + name.length);
                if (*p != ':') return false;
                p = skip_white_space(p + 1);
                offsets[index] = offset_of(p);
                p = plain_decimal(p, values[index], text_lengths[index]);
                if (p == nullptr) return false;
                kinds[index] = std::isfinite(values[index]) ? ROW_CELL_NUMBER : ROW_CELL_NOT_FINITE;
                p = skip_white_space(p);
                bool is_last = &name == &quoted_names.back();
                if (*p != (is_last ? '}' : ',')) return false;
                index++;
            }
            row++;
            p = skip_white_space(p + 1);
            if (*p == ']') break;
            if (*p != ',') return false;
        }
        count = row;
        return body.find_first_not_of(WHITE_SPACE, p + 1 - body.data()) == body.npos;
    }

    /// A body that opens no array: well formed or not is all that matters, so it is read as the only element of one.
    /// Off the hot path.
    bool well_formed_alone(std::string_view body) {
        padded_string wrapped("[" + std::string(body) + "]");
        json = wrapped.data();
        ondemand::document document;
        if (error_code error = parser.iterate(wrapped).get(document)) return fail(error);
        ondemand::array array;
        if (error_code error = document.get_array().get(array)) return fail(error);
        size_t count = 0;
        for (auto element : array) {
            ondemand::value value;
            if (error_code error = std::move(element).get(value)) return fail(error);
            if (!ignore(value, 0)) return false;
            count++;
        }
        if (count == 0) return fail(EMPTY);
        return (count == 1 && document.current_location().error() == OUT_OF_BOUNDS) || fail(TRAILING);
    }

    bool numbers(std::string_view text, double *out, size_t count) {
        json = text.data();
        ondemand::document document;
        if (parser.iterate(text.data(), text.size(), text.size() + SIMDJSON_PADDING).get(document)) return false;
        ondemand::array array;
        if (document.get_array().get(array)) return false;
        size_t index = 0;
        for (auto element : array) {
            ondemand::value value;
            ondemand::json_type type;
            if (std::move(element).get(value) || value.type().get(type)) return false;
            row_cell_kind kind;
            if (index == count || type != ondemand::json_type::number || !number(value, out[index], kind)) return false;
            if (kind != ROW_CELL_NUMBER) return false;
            index++;
        }
        return index == count && document.current_location().error() == OUT_OF_BOUNDS;
    }

    row_reader_outcome read(std::string_view body, size_t &count) {
        size_t start = body.find_first_not_of(WHITE_SPACE);
        if (start == body.npos) return fail(EMPTY), ROW_READER_JSON_INVALID;
        // Newer versions of simdjson skip it.
        if (body.substr(0, 3) == "\xEF\xBB\xBF") return fail("a byte-order mark"), ROW_READER_JSON_INVALID;
        if (body[start] != '[') return well_formed_alone(body) ? ROW_READER_NOT_A_LIST : ROW_READER_JSON_INVALID;
        json = body.data();
        if (plain_rows(body, start, count)) return ROW_READER_ROWS;
        count = 0;
        ondemand::document document;
        error_code error = parser.iterate(body.data(), body.size(), body.size() + SIMDJSON_PADDING).get(document);
        if (error) return fail(error), ROW_READER_JSON_INVALID;
        return rows(document, count) ? ROW_READER_ROWS : ROW_READER_JSON_INVALID;
    }
};

row_reader *row_reader_create(const char *const *names, size_t columns, size_t max_rows, size_t max_bytes,
                              size_t max_depth) try {
    auto reader = std::make_unique<row_reader>();
    reader->names.assign(names, names + columns);
    for (const std::string &name : reader->names) reader->quoted_names.emplace_back(name);
    reader->max_rows = max_rows;
    reader->max_depth = max_depth;
    // A body that is not a list is read with two more characters around it.
    reader->parser = ondemand::parser(max_bytes + 2);
    reader->reserve(std::min<size_t>(max_rows, 16));
    return reader.release();
} catch (const std::bad_alloc &) {
    return nullptr;
}

void row_reader_destroy(row_reader *reader) { delete reader; }

size_t row_reader_padding(void) { return SIMDJSON_PADDING; }

row_reader_result row_reader_read(row_reader *reader, const uint8_t *json, size_t length) {
    row_reader_result result{};
    reader->reason = nullptr;
    try {
        std::string_view body(reinterpret_cast<const char *>(json), length);
        result.outcome = reader->read(body, result.row_count);
    } catch (const std::bad_alloc &) {
        result.outcome = ROW_READER_JSON_INVALID;
        reader->reason = "no memory left to read it";
    }
    result.values = reader->values.data();
    result.kinds = reader->kinds.data();
    result.offsets = reader->offsets.data();
    result.text_lengths = reader->text_lengths.data();
    result.row_offsets = reader->row_offsets.data();
    result.reason = reader->reason;
    return result;
}

bool row_reader_read_numbers(row_reader *reader, const uint8_t *json, size_t length, double *numbers, size_t count) try {
    return reader->numbers({reinterpret_cast<const char *>(json), length}, numbers, count);
} catch (const std::bad_alloc &) {
    return false;
}

size_t row_reader_value_length(const uint8_t *json, size_t length, size_t offset) {
    std::string_view text(reinterpret_cast<const char *>(json) + offset, length - offset);
    size_t depth = 0;
    size_t i = 0;
    while (i < text.size()) {
        char c = text[i];
        if (c == '"') {
            i = raw_string_scan(text.data() + i + 1).end - text.data();
        } else if (c == '[' || c == '{') {
            depth++;
        } else if (depth == 0) {
            size_t end = text.find_first_of(", \t\n\r]}", i);
            return end == text.npos ? text.size() : end;
        } else if (c == ']' || c == '}') {
            depth--;
        }
        i++;
        if (depth == 0) return i;
    }
    return text.size();
}
