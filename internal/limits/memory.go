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

// Memory returns how many bytes can be allocated without swapping: MemAvailable in
// proc(5), or the limit of this process's control group if that is lower.
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
	return 0, fmt.Errorf("%s: %w", path, errFormat)
}

// groupMemory returns the lowest memory limit of this process's control groups, in bytes:
// memory.max or, in version 1, memory.limit_in_bytes (cgroups(7)).
func (s System) groupMemory() uint64 {
	lowest := uint64(math.MaxUint64)
	text, _ := fs.ReadFile(s.Root, "proc/self/cgroup") // without it there is no limit
	for line := range strings.Lines(string(text)) {
		_, entry, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(entry, ":")
		switch {
		case controllers == "":
			lowest = min(lowest, s.groupLimit("sys/fs/cgroup", group, "memory.max"))
		case slices.Contains(strings.Split(controllers, ","), "memory"):
			lowest = min(lowest, s.groupLimit("sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))
		}
	}
	return lowest
}

// groupLimit returns the lowest limit of a control group and its ancestors. From inside
// a container not all of them can be read.
func (s System) groupLimit(root, group, file string) uint64 {
	lowest := uint64(math.MaxUint64)
	for dir := path.Clean("/" + group); ; dir = path.Dir(dir) {
		if limit, err := s.numbers(path.Join(root, dir, file), 1); err == nil { // "max" isn't a number
			lowest = min(lowest, limit[0])
		}
		if dir == "/" {
			return lowest
		}
	}
}
