package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// number is n with a comma before every third digit.
func number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// known is a count, of which more may not be known.
func known(n int64, incomplete bool) string {
	if incomplete {
		return number(n) + " known"
	}
	return number(n)
}

// nothing says that nothing was done, as far as that is known.
func (r *Run) nothing(done string) string {
	if r.Incomplete {
		return "nothing is known to have been " + done
	}
	return "nothing was " + done
}

// plural is a number of things.
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// percent is a part as a percentage that is 0 % or 100 % only if the part is none or all.
func percent(part float64) string {
	switch {
	case part == 0 || part == 1:
		return fmt.Sprintf("%.0f %%", 100*part)
	case part > 0.9999:
		return "> 99.99 %"
	case part < 0.0001:
		return "< 0.01 %"
	default:
		return fmt.Sprintf("%.2f %%", 100*part)
	}
}

// short is a duration with three significant digits.
func short(d time.Duration) string {
	switch abs := d.Abs(); {
	case abs >= 2*time.Minute:
		return d.Round(time.Second).String()
	case abs >= time.Second:
		return significant(d.Seconds()) + " s"
	case abs >= time.Millisecond:
		return significant(float64(d)/float64(time.Millisecond)) + " ms"
	case d == 0:
		return "0 ms"
	default:
		return strconv.FormatInt(d.Microseconds(), 10) + " µs"
	}
}

func significant(v float64) string {
	decimals := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// clockTime is the time of day.
func clockTime(t time.Time) string { return t.UTC().Format("15:04:05") }

// upper is a text that begins with a capital.
func upper(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// list joins words as a sentence does.
func list(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
	}
}
