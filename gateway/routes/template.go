package routes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway/jsontext"
)

// Template is a text with placeholders as API Gateway writes them:
// $context.connectionId, and $request.body.x.y for what is at x.y in a message. Either may
// have braces, as in ${request.body.x}. What isn't there is empty
// (apigateway-websocket-api-selection-expressions).
type Template struct {
	text    string
	escapes bool // what is put in is escaped, because the text is JSON
}

// placeholder finds everything that looks like one, so that misspelt ones are found, too.
var placeholder = regexp.MustCompile(`\$\{?((?:context|request)(?:\.[A-Za-z0-9_-]+)+)\}?`)

const connectionID, bodyPrefix = "context.connectionId", "request.body."

// UnmarshalJSON reads a string as a text, and any other value as a text that is JSON.
func (t *Template) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*t = Template{text: text}
	} else {
		var compact bytes.Buffer
		if err := json.Compact(&compact, data); err != nil {
			return err
		}
		*t = Template{text: compact.String(), escapes: true}
	}
	for _, found := range placeholder.FindAllStringSubmatch(t.text, -1) {
		name := found[1]
		if name != connectionID && !isBody(name) {
			return fmt.Errorf("%s: only $%s and $%s... can be put in", found[0], connectionID, bodyPrefix)
		}
	}
	return nil
}

func isBody(name string) bool {
	return len(name) > len(bodyPrefix) && strings.HasPrefix(name, bodyPrefix)
}

// fill returns the text for a message of a connection.
func (t Template) fill(connection, body string) string {
	return placeholder.ReplaceAllStringFunc(t.text, func(found string) string {
		value := connection
		if name := placeholder.FindStringSubmatch(found)[1]; isBody(name) {
			value = gjson.Get(body, name[len(bodyPrefix):]).String()
		}
		if t.escapes {
			return escaped(value)
		}
		return value
	})
}

// escaped returns a text as it is between the quotes of a JSON string.
func escaped(text string) string {
	quoted := jsontext.Encode(text)
	return string(quoted[1 : len(quoted)-1])
}
