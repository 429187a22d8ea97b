package limits

// SystemFiles is how many files all processes of the system may have open
// together, and how many they have: file-max and file-nr in proc(5).
func (s System) SystemFiles() (most, open uint64, err error) {
	numbers, err := s.numbers("proc/sys/fs/file-nr", 3)
	if err != nil {
		return 0, 0, err
	}
	return numbers[2], numbers[0] - min(numbers[0], numbers[1]), nil
}

// MostOpenFiles is how far anybody may raise the limit on a process's open files:
// nr_open in proc(5).
func (s System) MostOpenFiles() (uint64, error) {
	numbers, err := s.numbers("proc/sys/fs/nr_open", 1)
	if err != nil {
		return 0, err
	}
	return numbers[0], nil
}
