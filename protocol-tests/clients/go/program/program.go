// Package program is the code that the Go client programs share: arguments, steps on stdin, and JSON lines on stdout.
package program

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// Argument is the second argument of a program.
type Argument struct {
	Bootstrap  string   `json:"bootstrap"`
	Codecs     []string `json:"codecs"`
	Prefix     string   `json:"prefix"`
	Partitions int32    `json:"partitions"`
	Records    []Record `json:"records"`
	Topic      string   `json:"topic"`
	Group      string   `json:"group"`
	ClientID   string   `json:"client_id"`
	Protocol   string   `json:"protocol"`
	// The rest is for transactions.
	ID           string        `json:"id"`
	Source       string        `json:"source"`
	Target       string        `json:"target"`
	Transactions []Transaction `json:"transactions"`
	Last         string        `json:"last"`
	Count        int           `json:"count"`
}

// Transaction is one transaction to carry out.
type Transaction struct {
	Values  []string `json:"values"`
	Commits bool     `json:"commits"`
}

// Record is one record to send, or one that was read.
type Record struct {
	Event     string       `json:"event,omitempty"`
	Topic     string       `json:"topic"`
	Partition int32        `json:"partition"`
	Offset    int64        `json:"offset"`
	Timestamp int64        `json:"timestamp"`
	Key       *string      `json:"key"`
	Value     *string      `json:"value"`
	Headers   [][2]*string `json:"headers"`
}

// Step is one line of stdin.
type Step struct {
	Step         string             `json:"step"`
	Topic        string             `json:"topic"`
	Partitions   int32              `json:"partitions"`
	Configs      map[string]*string `json:"configs"`
	Names        []string           `json:"names"`
	Count        int                `json:"count"`
	Partition    int32              `json:"partition"`
	BeforeOffset int64              `json:"before_offset"`
	Group        string             `json:"group"`
	Values       []string           `json:"values"`
}

// ReportDelivery tells whether a value was acknowledged.
func ReportDelivery(value string, err error) {
	if err == nil {
		Report(Event{"event": "acknowledged", "value": value})
	} else {
		Report(Event{"event": "refused", "value": value, "message": err.Error()})
	}
}

// Event is one JSON line of a program's output.
type Event map[string]any

var printing sync.Mutex

// Report prints one JSON line.
func Report(event any) {
	line, err := json.Marshal(event)
	Check(err)
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(line))
}

// Check reports an error and ends the program.
func Check(err error) {
	if err != nil {
		line, _ := json.Marshal(Event{"event": "error", "message": err.Error()})
		fmt.Println(string(line))
		os.Exit(1)
	}
}

// Data returns the bytes of a text, or nil.
func Data(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}

// Text returns the text of some bytes, or nil.
func Text(data []byte) *string {
	if data == nil {
		return nil
	}
	text := string(data)
	return &text
}

// Steps returns the steps on stdin. The channel is closed at the end of stdin.
func Steps() <-chan Step {
	steps := make(chan Step, 16)
	go func() {
		defer close(steps)
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			var step Step
			Check(json.Unmarshal(lines.Bytes(), &step))
			steps <- step
		}
	}()
	return steps
}

// Main runs the mode that the arguments name.
func Main(modes map[string]func(Argument)) {
	var argument Argument
	Check(json.Unmarshal([]byte(os.Args[2]), &argument))
	modes[os.Args[1]](argument)
}
