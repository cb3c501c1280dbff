package main

import (
	"log"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	logBytes    = 64 << 10
	logInterval = 5 * time.Millisecond
)

// One line per call, written in batches like Bungalow's log: every 5 ms, or at 64 KiB.
type accessLog struct {
	lock   sync.Mutex
	lines  []byte
	second int64
	time   []byte
}

func newAccessLog() *accessLog {
	l := &accessLog{lines: make([]byte, 0, logBytes+1024)}
	go l.run()
	return l
}

func (l *accessLog) add(status, length int) {
	now := time.Now()
	l.lock.Lock()
	defer l.lock.Unlock()
	if second := now.Unix(); second != l.second {
		l.second, l.time = second, now.UTC().AppendFormat(l.time[:0], "02/Jan/2006:15:04:05 -0700")
	}
	l.lines = append(append(append(l.lines, "127.0.0.1 - - ["...), l.time...), `] "POST /predict HTTP/1.1" `...)
	l.lines = strconv.AppendInt(l.lines, int64(status), 10)
	l.lines = append(l.lines, ' ')
	l.lines = strconv.AppendInt(l.lines, int64(length), 10)
	l.lines = append(l.lines, " \"-\" \"-\"\n"...)
	if len(l.lines) >= logBytes {
		l.write()
	}
}

// write is called with the lock held.
func (l *accessLog) write() {
	if len(l.lines) == 0 {
		return
	}
	if _, err := os.Stdout.Write(l.lines); err != nil {
		log.Print(err)
	}
	l.lines = l.lines[:0]
}

func (l *accessLog) flush() {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.write()
}

// run writes waiting lines; on SIGTERM it writes the last ones and ends the process.
func (l *accessLog) run() {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	for tick := time.NewTicker(logInterval); ; {
		select {
		case <-tick.C:
			l.flush()
		case <-terminated:
			l.flush()
			os.Exit(0)
		}
	}
}
