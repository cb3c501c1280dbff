package main

import (
	"math"
	"strconv"
	"sync"

	"github.com/valyala/fastjson"
)

const (
	featureCount   = 8
	maximumRecords = 1000
	listedFailures = 100
)

type feature struct {
	name     string
	min, max float64
}

var features = [featureCount]feature{
	{"MedInc", 0, math.MaxFloat64}, {"HouseAge", 0, math.MaxFloat64}, {"AveRooms", 0, math.MaxFloat64},
	{"AveBedrms", 0, math.MaxFloat64}, {"Population", 0, math.MaxFloat64}, {"AveOccup", 0, math.MaxFloat64},
	{"Latitude", -90, 90}, {"Longitude", -180, 180},
}

type record [featureCount]float64

// A batch and the memory that it needs, used again for later calls.
type batch struct {
	parser    fastjson.Parser
	records   []record
	echo      []byte // the records as JSON
	canonical []byte // the text whose md5 is the query key
	scratch   []byte
}

var batches = sync.Pool{New: func() interface{} { return new(batch) }}

// read validates all records; it returns the body of a 422 if there is anything wrong with them.
func (b *batch) read(body []byte) []byte {
	value, err := b.parser.ParseBytes(body)
	if err != nil {
		return bodyFailure("json_invalid", "JSON decode error")
	}
	items, err := value.Array()
	switch {
	case err != nil:
		return bodyFailure("list_type", "Input should be a valid list")
	case len(items) == 0:
		return bodyFailure("too_short", "List should have at least 1 item after validation, not 0")
	case len(items) > maximumRecords:
		return bodyFailure("too_long", "List should have at most 1000 items after validation")
	}
	var failures failures
	b.records = b.records[:0]
	for index, item := range items {
		b.records = append(b.records, b.readRecord(index, item, &failures))
	}
	if failures.count > 0 {
		return failures.body()
	}
	return nil
}

func (b *batch) readRecord(index int, item *fastjson.Value, failures *failures) (result record) {
	object, err := item.Object()
	if err != nil {
		failures.add("model_type", "Input should be a valid dictionary or instance of UserIn", index, "", item)
		return
	}
	for i := range features {
		feature := &features[i]
		value := object.Get(feature.name)
		if value == nil {
			failures.add("missing", "Field required", index, feature.name, item)
			continue
		}
		number, kind, message := b.number(value)
		switch {
		case kind != "":
		case number < feature.min:
			kind, message = "greater_than_equal", "Input should be greater than or equal to "+bound(feature.min)
		case number > feature.max:
			kind, message = "less_than_equal", "Input should be less than or equal to "+bound(feature.max)
		}
		if kind != "" {
			failures.add(kind, message, index, feature.name, value)
		}
		result[i] = number
	}
	return
}

// number converts a JSON number, or a string that holds one, to the nearest float64. fastjson's own conversion is
// not always the nearest.
func (b *batch) number(value *fastjson.Value) (number float64, kind, message string) {
	switch value.Type() {
	case fastjson.TypeNumber:
		b.scratch = value.MarshalTo(b.scratch[:0])
	case fastjson.TypeString:
		b.scratch = append(b.scratch[:0], value.GetStringBytes()...)
	default:
		return 0, "float_type", "Input should be a valid number"
	}
	if len(b.scratch) == 2 && b.scratch[0] == '-' && b.scratch[1] == '0' && value.Type() == fastjson.TypeNumber {
		return 0, "", ""
	}
	number, err := strconv.ParseFloat(string(b.scratch), 64)
	if math.IsInf(number, 0) || math.IsNaN(number) {
		return 0, "finite_number", "Input should be a finite number"
	}
	if err != nil {
		return 0, "float_parsing", "Input should be a valid number, unable to parse string as a number"
	}
	return number, "", ""
}

// print writes the records as JSON and as Python prints them.
func (b *batch) print() {
	echo, canonical := append(b.echo[:0], '['), append(b.canonical[:0], '[')
	for index := range b.records {
		if index > 0 {
			echo = append(echo, ',')
			canonical = append(canonical, ", "...)
		}
		echo = append(echo, '{')
		canonical = append(canonical, "UserIn("...)
		for i := range features {
			if i > 0 {
				echo = append(echo, ',')
				canonical = append(canonical, ", "...)
			}
			echo = append(append(append(echo, '"'), features[i].name...), `":`...)
			start := len(echo)
			echo = appendFloat(echo, b.records[index][i])
			canonical = append(append(canonical, features[i].name...), '=')
			canonical = append(canonical, echo[start:]...)
		}
		echo = append(echo, '}')
		canonical = append(canonical, ')')
	}
	b.echo, b.canonical = append(echo, ']'), append(canonical, ']')
}

// appendFloat writes a number as Python's repr(float) does.
func appendFloat(text []byte, number float64) []byte {
	magnitude := math.Abs(number)
	if magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16) {
		return strconv.AppendFloat(text, number, 'e', -1, 64)
	}
	start := len(text)
	text = strconv.AppendFloat(text, number, 'f', -1, 64)
	for _, character := range text[start:] {
		if character == '.' {
			return text
		}
	}
	return append(text, ".0"...)
}
