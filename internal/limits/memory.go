package limits

import (
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Memory is how many bytes this process and its children could take without
// swapping: MemAvailable in proc(5), or what a control group allows them, if that
// is less.
func (s System) Memory() (uint64, error) {
	const path = "proc/meminfo"
	text, err := fs.ReadFile(s.Root, path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "MemAvailable:" {
			continue
		}
		kilobytes, err := strconv.ParseUint(fields[1], 10, 54)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		return min(kilobytes<<10, s.groupMemory()), nil
	}
	return 0, fmt.Errorf("%s: %w", path, errForm)
}

// groupMemory is what the control groups of this process allow it, in bytes:
// memory.max or, in the first version, memory.limit_in_bytes (cgroups(7)).
func (s System) groupMemory() uint64 {
	least := uint64(math.MaxUint64)
	text, _ := fs.ReadFile(s.Root, "proc/self/cgroup") // without it there is no limit
	for line := range strings.Lines(string(text)) {
		_, entry, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(entry, ":")
		switch {
		case controllers == "":
			least = min(least, s.groupLimit("sys/fs/cgroup", group, "memory.max"))
		case slices.Contains(strings.Split(controllers, ","), "memory"):
			least = min(least, s.groupLimit("sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))
		}
	}
	return least
}

// groupLimit is the least limit of a control group and those that it is in. Not
// all of them are seen from inside a container.
func (s System) groupLimit(root, group, file string) uint64 {
	least := uint64(math.MaxUint64)
	for dir := path.Clean("/" + group); ; dir = path.Dir(dir) {
		if limit, err := s.numbers(path.Join(root, dir, file), 1); err == nil { // "max" isn't a number
			least = min(least, limit[0])
		}
		if dir == "/" {
			return least
		}
	}
}
