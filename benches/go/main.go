// The workloads of the benches with goroutines and channels, and "hello" by net/http. Started by the benches:
//
//	benches-go run TASK REPETITIONS   one repetition to warm up, then so many; prints what they took
//	benches-go hello                  serves until stdin ends; prints its usage for every line
//
// GOMAXPROCS is the number of workers of the others.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Usage is what this process has used so far.
type Usage struct {
	CPUMicros   float64 `json:"cpu_micros"`
	SwitchCount float64 `json:"switch_count"`
}

// Taken is what the repetitions took.
type Taken struct {
	OperationCount uint64  `json:"operation_count"`
	Nanos          uint64  `json:"nanos"`
	CPUMicros      float64 `json:"cpu_micros"`
	SwitchCount    float64 `json:"switch_count"`
}

// A task, and how many operations it is.
type task struct {
	operationCount uint64
	once           func()
}

// The numbers are those of the files in src/workload.
var tasks = map[string]task{
	"fork_join":         {8191, forkJoin},
	"spawn_many_local":  {10_000, spawnManyLocal},
	"spawn_many_remote": {10_000, spawnManyRemote},
	"chained_spawn":     {1_000, chainedSpawn},
	"yield_many":        {200 * 1_000, yieldMany},
	"ping_pong":         {1_000, pingPong},
	"channel_bounce":    {2 * 16 * 500, channelBounce},
}

func main() {
	switch {
	case len(os.Args) == 4 && os.Args[1] == "run":
		run(os.Args[2], os.Args[3])
	case len(os.Args) == 2 && os.Args[1] == "hello":
		hello()
	default:
		fail("usage: benches-go run TASK REPETITIONS | benches-go hello")
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, "benches-go:", message)
	os.Exit(1)
}

func run(name, repetitions string) {
	chosen, isKnown := tasks[name]
	count, err := strconv.ParseUint(repetitions, 10, 32)
	if !isKnown || err != nil {
		fail("no such task, or no number: " + name + " " + repetitions)
	}
	chosen.once()
	before, start := usage(), time.Now()
	for i := uint64(0); i < count; i++ {
		chosen.once()
	}
	nanos, after := time.Since(start).Nanoseconds(), usage()
	print(Taken{
		OperationCount: chosen.operationCount * count,
		Nanos:          uint64(nanos),
		CPUMicros:      after.CPUMicros - before.CPUMicros,
		SwitchCount:    after.SwitchCount - before.SwitchCount,
	})
}

func usage() Usage {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(err.Error())
	}
	micros := func(time syscall.Timeval) float64 { return float64(time.Sec)*1e6 + float64(time.Usec) }
	return Usage{
		CPUMicros:   micros(usage.Utime) + micros(usage.Stime),
		SwitchCount: float64(usage.Nvcsw + usage.Nivcsw),
	}
}

func print(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		fail(err.Error())
	}
	fmt.Println(string(line))
}

// A goroutine whose result somebody waits for is one with a channel for it.
func tree(depth int) <-chan int {
	done := make(chan int, 1)
	go func() {
		if depth == 0 {
			done <- 1
			return
		}
		left, right := tree(depth-1), tree(depth-1)
		done <- 1 + <-left + <-right
	}()
	return done
}

func forkJoin() {
	if count := <-tree(12); count != 8191 {
		fail(fmt.Sprint("a tree of ", count))
	}
}

// The last one says so, as the others' countdown does.
func spawnManyLocal() {
	var remaining atomic.Int64
	remaining.Store(10_000)
	done := make(chan struct{})
	for i := 0; i < 10_000; i++ {
		go func() {
			if remaining.Add(-1) == 0 {
				close(done)
			}
		}()
	}
	<-done
}

// A goroutine is always spawned by a goroutine: what differs from the one above is that each is joined.
func spawnManyRemote() {
	handles := make([]chan struct{}, 10_000)
	for i := range handles {
		done := make(chan struct{})
		handles[i] = done
		go func() { close(done) }()
	}
	for _, handle := range handles {
		<-handle
	}
}

func link(remaining int, done chan<- struct{}) {
	if remaining == 0 {
		close(done)
		return
	}
	go link(remaining-1, done)
}

func chainedSpawn() {
	done := make(chan struct{})
	link(1_000, done)
	<-done
}

func yieldMany() {
	var group sync.WaitGroup
	group.Add(200)
	for i := 0; i < 200; i++ {
		go func() {
			for j := 0; j < 1_000; j++ {
				runtime.Gosched()
			}
			group.Done()
		}()
	}
	group.Wait()
}

func pingPong() {
	var group sync.WaitGroup
	group.Add(1_000)
	go func() {
		for i := 0; i < 1_000; i++ {
			go func() {
				ping, pong := make(chan struct{}, 1), make(chan struct{}, 1)
				go func() {
					<-ping
					pong <- struct{}{}
				}()
				ping <- struct{}{}
				<-pong
				group.Done()
			}()
		}
	}()
	group.Wait()
}

func channelBounce() {
	var group sync.WaitGroup
	group.Add(16)
	for i := 0; i < 16; i++ {
		there, back := make(chan int, 1), make(chan int, 1)
		go func() {
			for message := range there {
				back <- message
			}
		}()
		go func() {
			for number := 0; number < 500; number++ {
				there <- number
				if message := <-back; message != number {
					fail("another message came back")
				}
			}
			close(there)
			group.Done()
		}()
	}
	group.Wait()
}

func hello() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err.Error())
	}
	answer := []byte("hello")
	handler := func(writer http.ResponseWriter, _ *http.Request) { writer.Write(answer) }
	go func() { fail(http.Serve(listener, http.HandlerFunc(handler)).Error()) }()
	fmt.Println(listener.Addr())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		print(usage())
	}
}
