// The program of franz-go for the history checker. See History.java for its modes; each does the same here.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"esmeralda/clients/program"
)

const (
	// mostRecords is the largest transaction of a producer.
	mostRecords  = 100
	pollTime     = 100 * time.Millisecond
	progressTime = 100 * time.Millisecond
	commitTime   = 100 * time.Millisecond
)

// argument is the second argument of the program.
type argument struct {
	Bootstrap            string  `json:"bootstrap"`
	History              string  `json:"history"`
	Topic                string  `json:"topic"`
	Output               string  `json:"output"`
	Partitions           int     `json:"partitions"`
	Producer             int     `json:"producer"`
	Seed                 int64   `json:"seed"`
	Compression          string  `json:"compression"`
	RecordsPerSecond     int     `json:"records_per_second"`
	TransactionalID      *string `json:"transactional_id"`
	TransactionTimeoutMs int     `json:"transaction_timeout_ms"`
	Group                string  `json:"group"`
	Protocol             string  `json:"protocol"`
	Assignor             string  `json:"assignor"`
	Isolation            string  `json:"isolation"`
	SessionTimeoutMs     int     `json:"session_timeout_ms"`
}

// fenced ends the program: another process has the transactional id, or the client cannot go on for another reason.
func fenced(err error) {
	history.flush()
	program.Report(program.Event{"event": "fenced", "message": err.Error()})
	os.Exit(0)
}

// lines is the file of the history. The client's goroutines write to it as well.
type lines struct {
	lock sync.Mutex
	file *bufio.Writer
}

var history lines

func (l *lines) write(format string, numbers ...any) {
	l.lock.Lock()
	defer l.lock.Unlock()
	_, err := fmt.Fprintf(l.file, format+"\n", numbers...)
	program.Check(err)
}

func (l *lines) flush() {
	l.lock.Lock()
	defer l.lock.Unlock()
	program.Check(l.file.Flush())
}

func nowUs() int64 {
	return time.Now().UnixMicro()
}

// stopping is closed at the first line on stdin, or its end.
func stopping() <-chan struct{} {
	stop := make(chan struct{})
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		close(stop)
	}()
	return stop
}

func isClosed(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// writer is a producer that numbers its records and its transactions.
type writer struct {
	number       int
	chance       *rand.Rand
	sequence     int
	transaction  int
	acknowledged atomic.Int64
	failed       atomic.Bool
	produce      func(context.Context, *kgo.Record, func(*kgo.Record, error))
}

func newWriter(from argument) *writer {
	return &writer{number: from.Producer, chance: rand.New(rand.NewSource(from.Seed)), transaction: -1}
}

func (from argument) writing() []kgo.Opt {
	codecs := map[string]kgo.CompressionCodec{
		"none":   kgo.NoCompression(),
		"gzip":   kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(),
		"lz4":    kgo.Lz4Compression(),
		"zstd":   kgo.ZstdCompression(),
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(from.Bootstrap, ",")...),
		kgo.ProducerBatchCompression(codecs[from.Compression]),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
	}
	if from.TransactionalID != nil {
		timeout := time.Duration(from.TransactionTimeoutMs) * time.Millisecond
		options = append(options, kgo.TransactionalID(*from.TransactionalID), kgo.TransactionTimeout(timeout))
	}
	return options
}

// send sends the next record. The size is that of its transaction, 0 outside of one.
func (w *writer) send(topic string, partition int32, size int, source string) {
	sequence, transaction := w.sequence, w.transaction
	w.sequence++
	if size == 0 {
		transaction = -1
	}
	dots := strings.Repeat(".", 1+w.chance.Intn(100))
	value := fmt.Sprintf("%d %d %d %d%s %s", w.number, sequence, transaction, size, source, dots)
	record := &kgo.Record{Topic: topic, Partition: partition, Value: []byte(value)}
	w.produce(context.Background(), record, func(record *kgo.Record, err error) {
		if err != nil {
			w.failed.Store(true)
			fmt.Fprintln(os.Stderr, "record", sequence, err)
			return
		}
		history.write("a %d %d %d", sequence, partition, record.Offset)
		w.acknowledged.Add(1)
	})
}

// transact sends a transaction of that size and ends it.
func (w *writer) transact(client *kgo.Client, commits bool, steps func()) {
	ctx := context.Background()
	w.transaction++
	w.failed.Store(false)
	if err := client.BeginTransaction(); err != nil {
		fenced(err)
	}
	steps()
	if err := client.Flush(ctx); err != nil {
		fenced(err)
	}
	if commits && !w.failed.Load() {
		history.write("t %d", w.transaction)
		history.flush()
		err := client.EndTransaction(ctx, kgo.TryCommit)
		if err == nil {
			history.write("c %d", w.transaction)
			history.flush()
			return
		}
		// After any other error nobody knows whether it was committed.
		if !errors.Is(err, kerr.OperationNotAttempted) && !errors.Is(err, kerr.TransactionAbortable) {
			fenced(err)
		}
	}
	if err := client.EndTransaction(ctx, kgo.TryAbort); err != nil {
		fenced(err)
	}
	history.write("x %d", w.transaction)
}

func produce(from argument, stop <-chan struct{}) {
	writer := newWriter(from)
	client, err := kgo.NewClient(from.writing()...)
	program.Check(err)
	writer.produce = client.Produce
	started, reported := time.Now(), time.Now()
	for !isClosed(stop) {
		size := 1 + writer.chance.Intn(mostRecords)
		if from.TransactionalID != nil {
			commits := writer.chance.Intn(10) > 0
			sent := size
			if !commits {
				// One that is aborted may be so half way.
				sent = 1 + writer.chance.Intn(size)
			}
			writer.transact(client, commits, func() {
				for range sent {
					writer.send(from.Topic, int32(writer.chance.Intn(from.Partitions)), size, "")
				}
			})
		} else {
			for range size {
				writer.send(from.Topic, int32(writer.chance.Intn(from.Partitions)), 0, "")
			}
		}
		if time.Since(reported) > progressTime {
			reported = time.Now()
			program.Report(program.Event{"event": "progress", "records": writer.acknowledged.Load()})
		}
		due := started.Add(time.Duration(writer.sequence) * time.Second / time.Duration(from.RecordsPerSecond))
		select {
		case <-time.After(time.Until(due)):
		case <-stop:
		}
	}
	program.Check(client.Flush(context.Background()))
	program.Report(program.Event{"event": "progress", "records": writer.acknowledged.Load()})
	client.Close()
}

// reading returns the options of a member of a group, which reports what its group has committed.
func (from argument) reading(assigned func(partition int32, offset int64)) []kgo.Opt {
	ctx := context.Background()
	if from.Protocol == "consumer" {
		// franz-go has the consumer protocol behind this key, whatever its value is.
		ctx = context.WithValue(ctx, "opt_in_kafka_next_gen_balancer_beta", true)
	}
	balancer := kgo.CooperativeStickyBalancer()
	if from.Assignor == "range" {
		balancer = kgo.RangeBalancer()
	}
	isolation := kgo.ReadUncommitted()
	if from.Isolation == "read_committed" {
		isolation = kgo.ReadCommitted()
	}
	session := time.Duration(from.SessionTimeoutMs) * time.Millisecond
	var asked int64
	return []kgo.Opt{
		kgo.WithContext(ctx),
		kgo.ConsumerGroup(from.Group),
		kgo.ConsumeTopics(from.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(isolation),
		kgo.Balancers(balancer),
		kgo.SessionTimeout(session),
		kgo.HeartbeatInterval(session / 10),
		kgo.DisableAutoCommit(),
		// The offsets are fetched between these two calls.
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) { asked = nowUs() }),
		kgo.AdjustFetchOffsetsFn(func(_ context.Context, topics map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
			for partition, offset := range topics[from.Topic] {
				committed := offset.EpochOffset().Offset
				history.write("q %d %d %d", partition, max(committed, -1), asked)
				assigned(partition, max(committed, 0))
			}
			return topics, nil
		}),
	}
}

// positions has the offset after the last record, of partitions where it is not committed.
type positions map[int32]kgo.EpochOffset

func (p positions) commit(client *kgo.Client, topic string) {
	if len(p) == 0 {
		return
	}
	// What is below the offsets was read, even if the process is killed now.
	history.flush()
	offsets := map[string]map[int32]kgo.EpochOffset{topic: p}
	isDone := true
	client.CommitOffsetsSync(context.Background(), offsets,
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, response *kmsg.OffsetCommitResponse, err error) {
			if err != nil {
				isDone = false
				return
			}
			answered := nowUs()
			for _, topic := range response.Topics {
				for _, partition := range topic.Partitions {
					if partition.ErrorCode == 0 {
						history.write("o %d %d %d", partition.Partition, p[partition.Partition].Offset, answered)
					} else {
						isDone = false
					}
				}
			}
		})
	if isDone {
		clear(p)
	}
}

func consume(from argument, stop <-chan struct{}) {
	// A rebalance waits until the records of a poll are done, so nothing here happens at the same time.
	next := positions{}
	gone := func(topics map[string][]int32) {
		for _, partition := range topics[from.Topic] {
			delete(next, partition)
		}
	}
	options := append(from.reading(func(partition int32, offset int64) {
		history.write("p %d %d", partition, offset)
		delete(next, partition)
	}),
		kgo.SeedBrokers(strings.Split(from.Bootstrap, ",")...),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsRevoked(func(_ context.Context, client *kgo.Client, topics map[string][]int32) {
			next.commit(client, from.Topic)
			gone(topics)
		}),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, topics map[string][]int32) { gone(topics) }))
	client, err := kgo.NewClient(options...)
	program.Check(err)
	committed := time.Now()
	for !isClosed(stop) {
		polling, cancel := context.WithTimeout(context.Background(), pollTime)
		client.PollRecords(polling, mostRecords).EachRecord(func(record *kgo.Record) {
			history.write("r %d %d %s", record.Partition, record.Offset, record.Value)
			next[record.Partition] = kgo.EpochOffset{Epoch: record.LeaderEpoch, Offset: record.Offset + 1}
		})
		cancel()
		if time.Since(committed) > commitTime {
			next.commit(client, from.Topic)
			committed = time.Now()
		}
		client.AllowRebalance()
	}
	client.CloseAllowingRebalance()
}

func transform(from argument, stop <-chan struct{}) {
	writer := newWriter(from)
	options := append(from.reading(func(int32, int64) {}), from.writing()...)
	// The session aborts a transaction that a rebalance meets. If rebalances waited for the end of a batch, the end would wait for the group.
	session, err := kgo.NewGroupTransactSession(options...)
	program.Check(err)
	writer.produce = session.Produce
	for !isClosed(stop) {
		polling, cancel := context.WithTimeout(context.Background(), pollTime)
		fetches := session.PollRecords(polling, mostRecords)
		cancel()
		if fetches.NumRecords() > 0 {
			writer.transformBatch(session, from.Output, fetches)
		}
	}
	session.Close()
}

// transformBatch writes what is made of the records, with their offsets, in a transaction; if it is not committed, the session reads them
// again.
func (w *writer) transformBatch(session *kgo.GroupTransactSession, output string, fetches kgo.Fetches) {
	ctx := context.Background()
	w.transaction++
	w.failed.Store(false)
	if err := session.Begin(); err != nil {
		fenced(err)
	}
	ends := map[int32]int64{}
	fetches.EachRecord(func(record *kgo.Record) {
		words := strings.SplitN(string(record.Value), " ", 3)
		source := fmt.Sprintf(" %d %d %s %s", record.Partition, record.Offset, words[0], words[1])
		w.send(output, record.Partition, fetches.NumRecords(), source)
		ends[record.Partition] = record.Offset + 1
	})
	if err := session.Client().Flush(ctx); err != nil {
		fenced(err)
	}
	commits := w.chance.Intn(20) > 0 && !w.failed.Load()
	if commits {
		history.write("t %d", w.transaction)
		history.flush()
	}
	committed, err := session.End(ctx, kgo.TransactionEndTry(commits))
	if err != nil {
		fenced(err)
	}
	if !committed {
		history.write("x %d", w.transaction)
		return
	}
	history.write("c %d", w.transaction)
	answered := nowUs()
	for partition, offset := range ends {
		history.write("o %d %d %d", partition, offset, answered)
	}
	history.flush()
}

func main() {
	var from argument
	program.Check(json.Unmarshal([]byte(os.Args[2]), &from))
	file, err := os.Create(from.History)
	program.Check(err)
	history.file = bufio.NewWriterSize(file, 1<<16)
	modes := map[string]func(argument, <-chan struct{}){"produce": produce, "consume": consume, "transform": transform}
	modes[os.Args[1]](from, stopping())
	history.flush()
	program.Report(program.Event{"event": "stopped"})
}
