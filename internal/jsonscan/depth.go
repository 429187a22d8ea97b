package jsonscan

// DeeperThan reports whether brackets and braces in data are nested deeper than limit.
// Recursive parsers need a stack as deep as what they read, and a gateway may send
// nothing but brackets.
func DeeperThan(data []byte, limit int) bool {
	depth := 0
	for at := 0; at < len(data); at++ {
		switch data[at] {
		case '"':
			end := stringEnd(data, at)
			if end < 0 {
				return false
			}
			at = end - 1
		case '[', '{':
			if depth++; depth > limit {
				return true
			}
		case ']', '}':
			depth--
		}
	}
	return false
}
