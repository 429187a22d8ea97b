package limits

// SystemFiles returns how many files all processes of the system may have open
// together, and how many are open: file-max and file-nr in proc(5).
func (s System) SystemFiles() (limit, open uint64, err error) {
	numbers, err := s.numbers("proc/sys/fs/file-nr", 3)
	if err != nil {
		return 0, 0, err
	}
	return numbers[2], numbers[0] - min(numbers[0], numbers[1]), nil
}

// MaxOpenFiles returns the highest value to which a process's limit on open files can
// be raised, even by root: nr_open in proc(5).
func (s System) MaxOpenFiles() (uint64, error) {
	numbers, err := s.numbers("proc/sys/fs/nr_open", 1)
	if err != nil {
		return 0, err
	}
	return numbers[0], nil
}
