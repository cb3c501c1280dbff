#include "CSimdjson.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

using namespace simdjson;

namespace {

// simdjson 3.0.1 loses digits of `0.` followed by more than 19 digits and wraps exponents of 19 digits. A token of at
// most this many bytes can have neither; longer ones go through std::from_chars.
constexpr size_t LONGEST_SIMDJSON_NUMBER = 19;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The length of the JSON number at the start of `text`, 0 if there is none (RFC 8259, section 6).
size_t number_length(std::string_view text) {
    size_t i = 0;
    auto digits = [&] {
        size_t start = i;
        while (i < text.size() && is_digit(text[i])) i++;
        return i > start;
    };
    if (i < text.size() && text[i] == '-') i++;
    if (i < text.size() && text[i] == '0') {
        i++;
    } else if (!digits()) {
        return 0;
    }
    if (i < text.size() && text[i] == '.') {
        i++;
        if (!digits()) return 0;
    }
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        if (i < text.size() && (text[i] == '+' || text[i] == '-')) i++;
        if (!digits()) return 0;
    }
    return i;
}

/// The nearest double of a text that is a JSON number from first to last byte; infinite where it overflows.
double nearest_double(std::string_view number) {
#if defined(__cpp_lib_to_chars)
    double value = 0;
    auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
    if (parsed.ec == std::errc()) return value;
#endif
    // Out of range is said of overflow and underflow alike; strtod tells them apart (the locale is never set).
    return std::strtod(std::string(number).c_str(), nullptr);
}

/// The value of four hexadecimal digits; above 0xFFFF if one of them is none.
uint32_t hex4(const char *p) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        uint32_t digit = is_digit(c) ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 0x10000;
        value = (value << 4) | digit;
    }
    return value;
}

/// Walks a raw JSON string from behind its opening quote to its closing one; says whether it has escapes, and whether
/// each escaped surrogate is one of a pair (simdjson 3.0.1 lets lone ones pass).
struct raw_string_scan {
    const char *end;
    bool escaped = false;
    bool paired = true;

    explicit raw_string_scan(const char *p) {
        bool after_high = false;
        while (*p != '"') {
            if (*p != '\\') {
                paired &= !after_high;
                after_high = false;
                p++;
                continue;
            }
            escaped = true;
            uint32_t unit = p[1] == 'u' ? hex4(p + 2) : 0;
            bool low = unit >= 0xDC00 && unit <= 0xDFFF;
            paired &= low == after_high;
            after_high = unit >= 0xD800 && unit <= 0xDBFF;
            // A malformed \u is stepped over as two characters, so that the closing quote is never missed; simdjson
            // refuses it when it unescapes the string.
            p += p[1] == 'u' && unit <= 0xFFFF ? 6 : 2;
        }
        paired &= !after_high;
        end = p;
    }
};

constexpr const char *WHITE_SPACE = " \t\n\r";
constexpr const char *MALFORMED = "malformed JSON";
constexpr const char *TOO_DEEP = "nested too deep";
constexpr const char *LONE_SURROGATE = "a lone surrogate in a string";
constexpr const char *TRAILING = "more text after the end of the value";

const char *describe(error_code error) {
    switch (error) {
    case EMPTY: return "the body is empty";
    case UTF8_ERROR: return "not valid UTF-8";
    case UNCLOSED_STRING: return "a string that does not end";
    case UNESCAPED_CHARS: return "a control character in a string";
    case INCOMPLETE_ARRAY_OR_OBJECT: return "an array or object that does not end";
    case NUMBER_ERROR: return "a malformed number";
    case STRING_ERROR: return "a malformed escape in a string";
    case CAPACITY: return "the body is too large";
    default: return MALFORMED;
    }
}

} // namespace

struct row_reader {
    std::vector<std::string> names;
    size_t max_rows;
    size_t max_depth;
    ondemand::parser parser;
    std::vector<double> values;
    std::vector<uint8_t> kinds;
    std::vector<uint32_t> offsets;
    std::vector<uint32_t> row_offsets;

    const char *json = nullptr;
    const char *reason = nullptr;

    /// Each method below answers false, with the reason noted, when the text is not well formed.
    bool fail(const char *why) {
        reason = why;
        return false;
    }
    bool fail(error_code error) { return fail(describe(error)); }

    uint32_t offset_of(const char *p) const { return static_cast<uint32_t>(p - json); }

    bool number(ondemand::value value, double &number, row_cell_kind &kind) {
        std::string_view token = value.raw_json_token();
        if (token.size() > LONGEST_SIMDJSON_NUMBER || value.get_double().get(number)) {
            // The token must end where the number does, or in white space. It stays unread here: simdjson's iterators
            // skip what was not consumed.
            size_t length = number_length(token);
            if (length == 0 || token.find_first_not_of(WHITE_SPACE, length) != token.npos) return fail(NUMBER_ERROR);
            number = nearest_double(token.substr(0, length));
        }
        if (number == 0 && token[0] == '-' && is_integer_zero(token)) number = 0.0;
        kind = std::isfinite(number) ? ROW_CELL_NUMBER : ROW_CELL_NOT_FINITE;
        return true;
    }

    /// Whether the token is the integer `-0`, which Python reads as 0; `-0.0` and `-0e5` keep their sign.
    static bool is_integer_zero(std::string_view token) {
        char next = token.size() > 2 ? token[2] : ' ';
        return next != '.' && next != 'e' && next != 'E';
    }

    bool string(ondemand::value value, std::string_view &text) {
        std::string_view token = value.raw_json_token();
        if (!raw_string_scan(token.data() + 1).paired) return fail(LONE_SURROGATE);
        if (error_code error = value.get_string().get(text)) return fail(error);
        return true;
    }

    /// Consumes a value that nobody asked for.
    bool ignore(ondemand::value value, size_t depth) {
        ondemand::json_type type;
        if (error_code error = value.type().get(type)) return fail(error);
        switch (type) {
        case ondemand::json_type::number: {
            double unused;
            row_cell_kind kind;
            return number(value, unused, kind);
        }
        case ondemand::json_type::string: {
            std::string_view unused;
            return string(value, unused);
        }
        case ondemand::json_type::boolean: {
            bool unused;
            if (error_code error = value.get_bool().get(unused)) return fail(error);
            return true;
        }
        case ondemand::json_type::null: {
            bool is_null = false;
            if (value.is_null().get(is_null) || !is_null) return fail(MALFORMED);
            return true;
        }
        case ondemand::json_type::array: {
            if (depth >= max_depth) return fail(TOO_DEEP);
            ondemand::array array;
            if (error_code error = value.get_array().get(array)) return fail(error);
            for (auto element : array) {
                ondemand::value inner;
                if (error_code error = std::move(element).get(inner)) return fail(error);
                if (!ignore(inner, depth + 1)) return false;
            }
            return true;
        }
        case ondemand::json_type::object: {
            if (depth >= max_depth) return fail(TOO_DEEP);
            ondemand::object object;
            if (error_code error = value.get_object().get(object)) return fail(error);
            for (auto field : object) {
                ondemand::field inner;
                if (error_code error = std::move(field).get(inner)) return fail(error);
                raw_string_scan key(inner.key().raw());
                if (!key.paired) return fail(LONE_SURROGATE);
                std::string_view unescaped;
                if (key.escaped) {
                    if (error_code error = inner.unescaped_key().get(unescaped)) return fail(error);
                }
                if (!ignore(inner.value(), depth + 1)) return false;
            }
            return true;
        }
        }
        return fail(MALFORMED);
    }

    /// The column of a field's key, `names.size()` if it is none of ours. `expected` is where keys sent in the
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
    reader->max_rows = max_rows;
    reader->max_depth = max_depth;
    // A body that is no list is read with two more characters around it.
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
