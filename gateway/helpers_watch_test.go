package gateway_test

import (
	"errors"
	"strings"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// watchAll watches all listeners. It returns what waits until all have ended, and
// then returns what they saw and how many ended with which close code.
func watchAll(a audience) func() (seen, map[int]int) {
	type end struct {
		seen
		code int
	}
	ends := make(chan end, len(a.listeners))
	for _, c := range a.listeners {
		go func() {
			saw, code := c.watchToTheEnd()
			ends <- end{saw, code}
		}()
	}
	return func() (all seen, codes map[int]int) {
		codes = map[int]int{}
		for range a.listeners {
			one := <-ends
			all.first += one.first
			all.duplicated += one.duplicated
			codes[one.code]++
		}
		return all, codes
	}
}

// watchToTheEnd counts what comes until the connection ends, and returns the close
// code; 0 is none.
func (c *client) watchToTheEnd() (seen, int) {
	one := c.watch("\x00")
	_, _, err := c.ReadMessage()
	var closed *websocket.CloseError
	if errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure {
		return one, closed.Code
	}
	return one, 0
}

// seen is what one listener or all of them received.
type seen struct{ first, duplicated, reordered, errors int64 }

// watch counts what comes until a message contains the word. The client has no
// other reader. An error's seen is what came until the connection broke.
func (c *client) watch(word string) (s seen) {
	known, highest := map[uint32]bool{}, uint32(0)
	for {
		_, text, err := c.ReadMessage()
		if err != nil || strings.Contains(string(text), word) {
			return s
		}
		got, _, _, ok := stamp.Find(text)
		switch {
		case !ok:
			s.errors++
		case known[got.Sequence]:
			s.duplicated++
		default:
			s.first++
			if got.Sequence < highest {
				s.reordered++
			}
		}
		known[got.Sequence] = true
		highest = max(highest, got.Sequence)
	}
}
