// The client program of franz-go, with its default cooperative-sticky balancer.
package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"esmeralda/clients/program"
)

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

func connect(argument program.Argument, options ...kgo.Opt) *kgo.Client {
	options = append(options, kgo.SeedBrokers(strings.Split(argument.Bootstrap, ",")...))
	client, err := kgo.NewClient(options...)
	program.Check(err)
	return client
}

func reportRecord(record *kgo.Record) {
	headers := [][2]*string{}
	for _, header := range record.Headers {
		headers = append(headers, [2]*string{&header.Key, program.Text(header.Value)})
	}
	program.Report(program.Record{
		Event:     "record",
		Topic:     record.Topic,
		Partition: record.Partition,
		Offset:    record.Offset,
		Timestamp: record.Timestamp.UnixMilli(),
		Key:       program.Text(record.Key),
		Value:     program.Text(record.Value),
		Headers:   headers,
	})
}

func records(argument program.Argument) {
	ctx := context.Background()
	wanted := map[string]map[int32]kgo.Offset{}
	for _, codec := range argument.Codecs {
		topic := argument.Prefix + codec
		wanted[topic] = map[int32]kgo.Offset{}
		for partition := range argument.Partitions {
			wanted[topic][partition] = kgo.NewOffset().AtStart()
		}
		producer := connect(argument,
			kgo.ProducerBatchCompression(codecs[codec]),
			kgo.ProducerLinger(50*time.Millisecond),
			kgo.RecordPartitioner(kgo.ManualPartitioner()))
		var batch []*kgo.Record
		for _, sent := range argument.Records {
			record := &kgo.Record{
				Topic:     topic,
				Partition: sent.Partition,
				Timestamp: time.UnixMilli(sent.Timestamp),
				Key:       program.Data(sent.Key),
				Value:     program.Data(sent.Value),
			}
			for _, pair := range sent.Headers {
				record.Headers = append(record.Headers, kgo.RecordHeader{Key: *pair[0], Value: program.Data(pair[1])})
			}
			batch = append(batch, record)
		}
		program.Check(producer.ProduceSync(ctx, batch...).FirstErr())
		for _, record := range batch {
			program.Report(program.Event{"event": "produced", "codec": codec, "offset": record.Offset})
		}
		producer.Close()
	}
	consumer := connect(argument, kgo.ConsumePartitions(wanted))
	for missing := len(argument.Codecs) * len(argument.Records); missing > 0; {
		fetches := consumer.PollFetches(ctx)
		program.Check(fetches.Err())
		fetches.EachRecord(reportRecord)
		missing -= fetches.NumRecords()
	}
	consumer.Close()
}

func produce(argument program.Argument) {
	producer := connect(argument, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for step := range program.Steps() {
		if step.Step == "stop" {
			break
		}
		var batch []*kgo.Record
		for _, value := range step.Values {
			batch = append(batch, &kgo.Record{Topic: argument.Topic, Value: []byte(value)})
		}
		for _, result := range producer.ProduceSync(context.Background(), batch...) {
			program.ReportDelivery(string(result.Record.Value), result.Err)
		}
	}
	producer.Close()
	program.Report(program.Event{"event": "stopped"})
}

// assignment adds up the changes that the client reports, which are increments with this balancer.
type assignment struct {
	lock  sync.Mutex
	owned map[int32]bool
}

func (a *assignment) change(partitions []int32, owned bool) {
	a.lock.Lock()
	defer a.lock.Unlock()
	for _, partition := range partitions {
		if owned {
			a.owned[partition] = true
		} else {
			delete(a.owned, partition)
		}
	}
	now := []int32{}
	for partition := range a.owned {
		now = append(now, partition)
	}
	slices.Sort(now)
	program.Report(program.Event{"event": "assigned", "partitions": now})
}

func consume(argument program.Argument) {
	ctx := context.Background()
	joining := ctx
	if argument.Protocol == "consumer" {
		// franz-go has the consumer protocol behind this key, whatever its value is.
		joining = context.WithValue(ctx, "opt_in_kafka_next_gen_balancer_beta", true)
	}
	owned := assignment{owned: map[int32]bool{}}
	lost := func(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
		owned.change(topics[argument.Topic], false)
	}
	consumer := connect(argument,
		kgo.WithContext(joining),
		kgo.ClientID(argument.ClientID),
		kgo.ConsumerGroup(argument.Group),
		kgo.ConsumeTopics(argument.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.SessionTimeout(6*time.Second),
		kgo.HeartbeatInterval(500*time.Millisecond),
		kgo.DisableAutoCommit(),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, topics map[string][]int32) {
			owned.change(topics[argument.Topic], true)
		}),
		kgo.OnPartitionsRevoked(lost),
		kgo.OnPartitionsLost(lost))
	steps := program.Steps()
	for {
		polling, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		consumer.PollFetches(polling).EachRecord(reportRecord)
		cancel()
		select {
		case step := <-steps:
			if step.Step != "commit" {
				consumer.Close()
				program.Report(program.Event{"event": "stopped"})
				return
			}
			program.Check(consumer.CommitUncommittedOffsets(ctx))
			program.Report(program.Event{"event": "committed"})
		default:
		}
	}
}

func admin(argument program.Argument) {
	client := kadm.NewClient(connect(argument))
	for step := range program.Steps() {
		event := program.Event{"event": step.Step}
		if strings.Contains(step.Step, "group") {
			administerGroups(client, step, event)
		} else {
			administer(client, step, event)
		}
		program.Report(event)
	}
	client.Close()
}

func administer(client *kadm.Client, step program.Step, event program.Event) {
	ctx := context.Background()
	switch step.Step {
	case "create_topic":
		_, err := client.CreateTopic(ctx, step.Partitions, 1, step.Configs, step.Topic)
		program.Check(err)
	case "describe_topic":
		topics, err := client.ListTopics(ctx, step.Topic)
		program.Check(err)
		event["partitions"] = topics[step.Topic].Partitions.Numbers()
	case "describe_configs":
		found, err := client.DescribeTopicConfigs(ctx, step.Topic)
		program.Check(err)
		configs := map[string]*string{}
		for _, config := range found[0].Configs {
			if slices.Contains(step.Names, config.Key) {
				configs[config.Key] = config.Value
			}
		}
		event["configs"] = configs
	case "alter_configs":
		var changes []kadm.AlterConfig
		for name, value := range step.Configs {
			changes = append(changes, kadm.AlterConfig{Op: kadm.SetConfig, Name: name, Value: value})
		}
		results, err := client.AlterTopicConfigs(ctx, changes, step.Topic)
		program.Check(err)
		program.Check(results[0].Err)
	case "create_partitions":
		results, err := client.UpdatePartitions(ctx, step.Count, step.Topic)
		program.Check(err)
		program.Check(results.Error())
	case "delete_records":
		offsets := kadm.Offsets{}
		offsets.AddOffset(step.Topic, step.Partition, step.BeforeOffset, -1)
		results, err := client.DeleteRecords(ctx, offsets)
		program.Check(err)
		program.Check(results.Error())
	case "delete_topic":
		_, err := client.DeleteTopic(ctx, step.Topic)
		program.Check(err)
	}
}

func administerGroups(client *kadm.Client, step program.Step, event program.Event) {
	ctx := context.Background()
	switch step.Step {
	case "list_groups":
		groups, err := client.ListGroups(ctx)
		program.Check(err)
		event["groups"] = groups.Groups()
		if len(groups) == 0 {
			event["groups"] = []string{}
		}
	case "describe_group":
		groups, err := client.DescribeGroups(ctx, step.Group)
		program.Check(err)
		members := []program.Event{}
		for _, member := range groups[step.Group].Members {
			assigned, _ := member.Assigned.AsConsumer()
			partitions := []int32{}
			for _, topic := range assigned.Topics {
				partitions = append(partitions, topic.Partitions...)
			}
			slices.Sort(partitions)
			members = append(members, program.Event{"client_id": member.ClientID, "partitions": partitions})
		}
		event["state"] = groups[step.Group].State
		event["members"] = members
	case "group_offsets":
		found, err := client.FetchOffsets(ctx, step.Group)
		program.Check(err)
		offsets := map[string]int64{}
		found.Each(func(one kadm.OffsetResponse) {
			if one.At > 0 {
				offsets[strconv.Itoa(int(one.Partition))] = one.At
			}
		})
		event["offsets"] = offsets
	case "delete_group":
		_, err := client.DeleteGroup(ctx, step.Group)
		program.Check(err)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func transactional(argument program.Argument) *kgo.Client {
	return connect(argument, kgo.TransactionalID(argument.ID), kgo.RecordPartitioner(kgo.ManualPartitioner()))
}

func send(producer *kgo.Client, topic string, value string) {
	check(producer.ProduceSync(context.Background(), &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr())
}

// values reads partition 0 to its end, as a consumer of committed records.
func values(argument program.Argument, topic string, count int) []string {
	wanted := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}
	consumer := connect(argument, kgo.ConsumePartitions(wanted), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	defer consumer.Close()
	found := []string{}
	for len(found) < count {
		consumer.PollFetches(context.Background()).EachRecord(func(record *kgo.Record) {
			found = append(found, string(record.Value))
		})
	}
	return found
}

func transactions(argument program.Argument) {
	ctx := context.Background()
	first := transactional(argument)
	for _, transaction := range argument.Transactions {
		check(first.BeginTransaction())
		for _, value := range transaction.Values {
			send(first, argument.Source, value)
		}
		check(first.EndTransaction(ctx, kgo.TransactionEndTry(transaction.Commits)))
	}
	// Its transaction is open when another producer takes the id over.
	check(first.BeginTransaction())
	send(first, argument.Source, "zombie")
	second := transactional(argument)
	check(second.BeginTransaction())
	send(second, argument.Source, argument.Last)
	check(second.EndTransaction(ctx, kgo.TryCommit))
	err := first.EndTransaction(ctx, kgo.TryCommit)
	program.Report(program.Event{"event": "fenced", "fenced": err != nil, "message": fmt.Sprint(err)})
	second.Close()
	transform(argument)
	program.Report(program.Event{
		"event":  "values",
		"source": values(argument, argument.Source, argument.Count),
		"target": values(argument, argument.Target, argument.Count),
	})
}

// transform consumes, transforms and produces, with the offsets in the transactions.
func transform(argument program.Argument) {
	ctx := context.Background()
	session, err := kgo.NewGroupTransactSession(
		kgo.SeedBrokers(strings.Split(argument.Bootstrap, ",")...),
		kgo.TransactionalID(argument.ID),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ConsumerGroup(argument.Group),
		kgo.ConsumeTopics(argument.Source),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.RequireStableFetchOffsets())
	check(err)
	defer session.Close()
	next := int64(0)
	for transformed := 0; transformed < argument.Count; {
		fetches := session.PollFetches(ctx)
		if fetches.NumRecords() == 0 {
			continue
		}
		check(session.Begin())
		fetches.EachRecord(func(record *kgo.Record) {
			next = record.Offset + 1
			transformed++
			value := strings.ToUpper(string(record.Value))
			check(session.ProduceSync(ctx, &kgo.Record{Topic: argument.Target, Value: []byte(value)}).FirstErr())
		})
		committed, err := session.End(ctx, kgo.TryCommit)
		check(err)
		if !committed {
			panic("the transaction was not committed")
		}
	}
	committed := session.Client().CommittedOffsets()[argument.Source][0].Offset
	program.Report(program.Event{"event": "committed", "is_next": committed == next})
}

func main() {
	program.Main(map[string]func(program.Argument){
		"records": records, "produce": produce, "consume": consume, "admin": admin, "transactions": transactions,
	})
}
