// The client program of sarama.
package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"esmeralda/clients/program"
)

var codecs = map[string]sarama.CompressionCodec{
	"none":   sarama.CompressionNone,
	"gzip":   sarama.CompressionGZIP,
	"snappy": sarama.CompressionSnappy,
	"lz4":    sarama.CompressionLZ4,
	"zstd":   sarama.CompressionZSTD,
}

func config() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V4_1_0_0
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.MaxWaitTime = 250 * time.Millisecond
	return config
}

func brokers(argument program.Argument) []string {
	return strings.Split(argument.Bootstrap, ",")
}

func reportMessage(message *sarama.ConsumerMessage) {
	headers := [][2]*string{}
	for _, header := range message.Headers {
		headers = append(headers, [2]*string{program.Text(header.Key), program.Text(header.Value)})
	}
	program.Report(program.Record{
		Event:     "record",
		Topic:     message.Topic,
		Partition: message.Partition,
		Offset:    message.Offset,
		Timestamp: message.Timestamp.UnixMilli(),
		Key:       program.Text(message.Key),
		Value:     program.Text(message.Value),
		Headers:   headers,
	})
}

// encoder returns nil for no bytes, which differs from zero bytes.
func encoder(text *string) sarama.Encoder {
	if text == nil {
		return nil
	}
	return sarama.ByteEncoder(program.Data(text))
}

func produce(argument program.Argument) {
	config := config()
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Return.Successes = true
	config.Producer.Idempotent = true
	config.Producer.Retry.Max = 10
	config.Net.MaxOpenRequests = 1
	producer, err := sarama.NewSyncProducer(brokers(argument), config)
	program.Check(err)
	for step := range program.Steps() {
		if step.Step == "stop" {
			break
		}
		for _, value := range step.Values {
			_, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: argument.Topic, Value: sarama.StringEncoder(value)})
			program.ReportDelivery(value, err)
		}
	}
	program.Check(producer.Close())
	program.Report(program.Event{"event": "stopped"})
}

func records(argument program.Argument) {
	for _, codec := range argument.Codecs {
		topic := argument.Prefix + codec
		config := config()
		config.Producer.Compression = codecs[codec]
		config.Producer.Partitioner = sarama.NewManualPartitioner
		config.Producer.RequiredAcks = sarama.WaitForAll
		config.Producer.Return.Successes = true
		config.Producer.Flush.Frequency = 50 * time.Millisecond
		config.Producer.Idempotent = true
		config.Net.MaxOpenRequests = 1
		producer, err := sarama.NewSyncProducer(brokers(argument), config)
		program.Check(err)
		var messages []*sarama.ProducerMessage
		for _, sent := range argument.Records {
			message := &sarama.ProducerMessage{
				Topic:     topic,
				Partition: sent.Partition,
				Timestamp: time.UnixMilli(sent.Timestamp),
				Key:       encoder(sent.Key),
				Value:     encoder(sent.Value),
			}
			for _, pair := range sent.Headers {
				header := sarama.RecordHeader{Key: program.Data(pair[0]), Value: program.Data(pair[1])}
				message.Headers = append(message.Headers, header)
			}
			messages = append(messages, message)
		}
		program.Check(producer.SendMessages(messages))
		for _, message := range messages {
			program.Report(program.Event{"event": "produced", "codec": codec, "offset": message.Offset})
		}
		program.Check(producer.Close())
	}
	consumer, err := sarama.NewConsumer(brokers(argument), config())
	program.Check(err)
	for _, codec := range argument.Codecs {
		for number := range argument.Partitions {
			partition, err := consumer.ConsumePartition(argument.Prefix+codec, number, sarama.OffsetOldest)
			program.Check(err)
			for _, sent := range argument.Records {
				if sent.Partition == number {
					reportMessage(<-partition.Messages())
				}
			}
			program.Check(partition.Close())
		}
	}
	program.Check(consumer.Close())
}

// member handles one session after another, and commits its marked offsets on demand.
type member struct {
	topic   string
	lock    sync.Mutex
	session sarama.ConsumerGroupSession
}

func (m *member) Setup(session sarama.ConsumerGroupSession) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.session = session
	partitions := slices.Sorted(slices.Values(session.Claims()[m.topic]))
	program.Report(program.Event{"event": "assigned", "partitions": append([]int32{}, partitions...)})
	return nil
}

func (m *member) Cleanup(sarama.ConsumerGroupSession) error {
	program.Report(program.Event{"event": "assigned", "partitions": []int32{}})
	return nil
}

func (m *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		session.MarkMessage(message, "")
		reportMessage(message)
	}
	return nil
}

func consume(argument program.Argument) {
	config := config()
	config.ClientID = argument.ClientID
	config.Consumer.Group.Session.Timeout = 6 * time.Second
	config.Consumer.Group.Heartbeat.Interval = 500 * time.Millisecond
	group, err := sarama.NewConsumerGroup(brokers(argument), argument.Group, config)
	program.Check(err)
	handler := &member{topic: argument.Topic}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			program.Check(group.Consume(ctx, []string{argument.Topic}, handler))
		}
	})
	for step := range program.Steps() {
		if step.Step != "commit" {
			break
		}
		handler.lock.Lock()
		handler.session.Commit()
		handler.lock.Unlock()
		program.Report(program.Event{"event": "committed"})
	}
	stop()
	running.Wait()
	program.Check(group.Close())
	program.Report(program.Event{"event": "stopped"})
}

func admin(argument program.Argument) {
	client, err := sarama.NewClusterAdmin(brokers(argument), config())
	program.Check(err)
	for step := range program.Steps() {
		event := program.Event{"event": step.Step}
		if strings.Contains(step.Step, "group") {
			administerGroups(client, step, event)
		} else {
			administer(client, step, event)
		}
		program.Report(event)
	}
	program.Check(client.Close())
}

func administer(client sarama.ClusterAdmin, step program.Step, event program.Event) {
	switch step.Step {
	case "create_topic":
		detail := &sarama.TopicDetail{NumPartitions: step.Partitions, ReplicationFactor: 1, ConfigEntries: step.Configs}
		program.Check(client.CreateTopic(step.Topic, detail, false))
	case "describe_topic":
		topics, err := client.DescribeTopics([]string{step.Topic})
		program.Check(err)
		partitions := []int32{}
		for _, partition := range topics[0].Partitions {
			partitions = append(partitions, partition.ID)
		}
		slices.Sort(partitions)
		event["partitions"] = partitions
	case "describe_configs":
		resource := sarama.ConfigResource{Type: sarama.TopicResource, Name: step.Topic, ConfigNames: step.Names}
		entries, err := client.DescribeConfig(resource)
		program.Check(err)
		configs := map[string]string{}
		for _, entry := range entries {
			configs[entry.Name] = entry.Value
		}
		event["configs"] = configs
	case "alter_configs":
		changes := map[string]sarama.IncrementalAlterConfigsEntry{}
		for name, value := range step.Configs {
			changes[name] = sarama.IncrementalAlterConfigsEntry{
				Operation: sarama.IncrementalAlterConfigsOperationSet,
				Value:     value,
			}
		}
		program.Check(client.IncrementalAlterConfig(sarama.TopicResource, step.Topic, changes, false))
	case "create_partitions":
		program.Check(client.CreatePartitions(step.Topic, int32(step.Count), nil, false))
	case "delete_records":
		program.Check(client.DeleteRecords(step.Topic, map[int32]int64{step.Partition: step.BeforeOffset}))
	case "delete_topic":
		program.Check(client.DeleteTopic(step.Topic))
	}
}

func administerGroups(client sarama.ClusterAdmin, step program.Step, event program.Event) {
	switch step.Step {
	case "list_groups":
		found, err := client.ListConsumerGroups()
		program.Check(err)
		groups := []string{}
		for name := range found {
			groups = append(groups, name)
		}
		event["groups"] = groups
	case "describe_group":
		groups, err := client.DescribeConsumerGroups([]string{step.Group})
		program.Check(err)
		members := []program.Event{}
		for _, member := range groups[0].Members {
			assignment, err := member.GetMemberAssignment()
			program.Check(err)
			partitions := []int32{}
			for _, topic := range assignment.Topics {
				partitions = append(partitions, topic...)
			}
			slices.Sort(partitions)
			members = append(members, program.Event{"client_id": member.ClientId, "partitions": partitions})
		}
		event["state"] = groups[0].State
		event["members"] = members
	case "group_offsets":
		answer, err := client.ListConsumerGroupOffsets(step.Group, nil)
		program.Check(err)
		offsets := map[string]int64{}
		for _, topic := range answer.Blocks {
			for partition, block := range topic {
				if block.Offset > 0 {
					offsets[strconv.Itoa(int(partition))] = block.Offset
				}
			}
		}
		event["offsets"] = offsets
	case "delete_group":
		program.Check(client.DeleteConsumerGroup(step.Group))
	}
}

func main() {
	program.Main(map[string]func(program.Argument){
		"records": records, "produce": produce, "consume": consume, "admin": admin,
	})
}
