// Reads an event with the types of aws-lambda-go, and reports each record.
package main

import (
	"encoding/base64"
	"encoding/json"
	"os"

	"github.com/aws/aws-lambda-go/events"

	"esmeralda/clients/program"
)

func main() {
	var event events.KafkaEvent
	must(json.Unmarshal([]byte(os.Args[2]), &event))
	for _, records := range event.Records {
		for _, record := range records {
			report(record)
		}
	}
}

func report(record events.KafkaRecord) {
	headers := [][2]*string{}
	for _, header := range record.Headers {
		for name, content := range header {
			value := string(content)
			headers = append(headers, [2]*string{&name, &value})
		}
	}
	program.Report(program.Record{
		Event:     "record",
		Topic:     record.Topic,
		Partition: int32(record.Partition),
		Offset:    record.Offset,
		Timestamp: record.Timestamp.UnixMilli(),
		Key:       decoded(record.Key),
		Value:     decoded(record.Value),
		Headers:   headers,
	})
}

// The library has an empty text for a key or a value that is not there.
func decoded(encoded string) *string {
	if encoded == "" {
		return nil
	}
	bytes, err := base64.StdEncoding.DecodeString(encoded)
	must(err)
	text := string(bytes)
	return &text
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
