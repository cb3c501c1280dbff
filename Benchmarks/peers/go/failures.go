package main

import "strconv"

const (
	notARecord = "Input should be a valid dictionary or instance of UserIn"
	notANumber = "Input should be a valid number"
)

// What is wrong with a batch, in pydantic's format.
type failures struct {
	count int
	list  []byte
}

func (f *failures) add(kind, message string, index int, field string, input []byte) {
	f.count++
	if f.count > listedFailures {
		return
	}
	if f.count > 1 {
		f.list = append(f.list, ',')
	}
	f.list = append(f.list, `{"type":"`...)
	f.list = append(f.list, kind...)
	f.list = append(f.list, `","loc":["body",`...)
	f.list = strconv.AppendInt(f.list, int64(index), 10)
	if field != "" {
		f.list = append(f.list, `,"`...)
		f.list = append(f.list, field...)
		f.list = append(f.list, '"')
	}
	f.list = append(f.list, `],"msg":"`...)
	f.list = append(f.list, message...)
	f.list = append(f.list, `","input":`...)
	f.list = append(f.list, input...)
	f.list = append(f.list, '}')
}

func (f *failures) body() []byte {
	body := append([]byte(`{"detail":[`), f.list...)
	body = append(body, `],"error_count":`...)
	body = strconv.AppendInt(body, int64(f.count), 10)
	return append(body, '}')
}

func bodyFailure(kind, message string) []byte {
	return []byte(`{"detail":[{"type":"` + kind + `","loc":["body"],"msg":"` + message + `"}],"error_count":1}`)
}

func bound(number float64) string {
	return strconv.FormatFloat(number, 'f', -1, 64)
}
