package main

import (
	"log"
	"time"

	"github.com/gomodule/redigo/redis"
)

const (
	lifetimeSeconds = 3600
	deadline        = time.Second
	waitingStores   = 1024
	idleConnections = 512
)

// Predictions in Redis: looked up on pooled connections, and stored in the background on a connection of their own.
type cache struct {
	pool   redis.Pool
	stores chan entry
}

type entry struct{ name, value string }

func newCache(address string) *cache {
	c := &cache{stores: make(chan entry, waitingStores)}
	c.pool.MaxIdle = idleConnections
	c.pool.Dial = func() (redis.Conn, error) {
		return redis.Dial("tcp", address, redis.DialReadTimeout(deadline), redis.DialConnectTimeout(deadline))
	}
	go c.runStores(address)
	return c
}

// lookUp returns nil and MISS or BYPASS if there is no entry.
func (c *cache) lookUp(key string, scratch []byte) ([]byte, string) {
	connection := c.pool.Get()
	defer connection.Close()
	value, err := redis.Bytes(connection.Do("GET", "go:"+key))
	switch err {
	case nil:
		return append(scratch, value...), "HIT"
	case redis.ErrNil:
		return nil, "MISS"
	default:
		return nil, "BYPASS"
	}
}

// store drops the entry if too many are waiting.
func (c *cache) store(key string, value []byte) {
	select {
	case c.stores <- entry{"go:" + key, string(value)}:
	default:
	}
}

func (c *cache) runStores(address string) {
	for {
		connection, err := redis.Dial("tcp", address)
		if err == nil {
			err = c.sendStores(connection)
			connection.Close()
		}
		log.Print(err)
		time.Sleep(time.Second)
	}
}

// sendStores sends all waiting entries in one write.
func (c *cache) sendStores(connection redis.Conn) error {
	for {
		next, sent := <-c.stores, 0
		for waits := true; waits; {
			if err := connection.Send("SETEX", next.name, lifetimeSeconds, next.value); err != nil {
				return err
			}
			sent++
			select {
			case next = <-c.stores:
			default:
				waits = false
			}
		}
		if err := connection.Flush(); err != nil {
			return err
		}
		for ; sent > 0; sent-- {
			if _, err := connection.Receive(); err != nil {
				return err
			}
		}
	}
}
