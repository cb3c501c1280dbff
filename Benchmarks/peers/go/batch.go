package main

import (
	"math"
	"strconv"
	"sync"
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

// A batch and the memory that it needs, reused for later calls.
type batch struct {
	decoder   decoder
	records   []record
	echo      []byte // the records as JSON
	canonical []byte // the text whose md5 is the query key
	body      []byte // of the response
	scratch   []byte
}

var batches = sync.Pool{New: func() interface{} { return new(batch) }}

// parse converts a number's text to the nearest float64; quoted means that it was a string.
func parse(text string, quoted bool) (number float64, kind, message string) {
	if text == "-0" && !quoted {
		return 0, "", ""
	}
	number, err := strconv.ParseFloat(text, 64)
	if math.IsInf(number, 0) || math.IsNaN(number) {
		return 0, "finite_number", "Input should be a finite number"
	}
	if err != nil {
		return 0, "float_parsing", "Input should be a valid number, unable to parse string as a number"
	}
	return number, "", ""
}

// check compares a number with the feature's bounds.
func (f *feature) check(number float64) (kind, message string) {
	switch {
	case number < f.min:
		return "greater_than_equal", "Input should be greater than or equal to " + bound(f.min)
	case number > f.max:
		return "less_than_equal", "Input should be less than or equal to " + bound(f.max)
	}
	return "", ""
}

// lengthFailure is the body of a 422 for a batch that is too short or too long.
func lengthFailure(count int) []byte {
	switch {
	case count == 0:
		return bodyFailure("too_short", "List should have at least 1 item after validation, not 0")
	case count > maximumRecords:
		return bodyFailure("too_long", "List should have at most 1000 items after validation")
	}
	return nil
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
