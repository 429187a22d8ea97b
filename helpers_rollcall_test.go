package pushgw

import "fmt"

// rollCallClients make a client of each dialect.
var rollCallClients = map[string]string{
	"apigw": `new apigw.Client('` + chatURL + `')`, "appsync": appSyncClient, "events": eventsClient,
}

// listens is a script whose client listens after a while.
func listens(client string, connections int, after, duration string) string {
	return fmt.Sprintf(`await sleep(%s); return JSON.stringify(await %s.listen({ connections: %d, duration: '%s' }))`, after, client, connections, duration)
}

// timed is a script that tells what ready() came to, and after how long.
func timed(client, options string) string {
	return `const client = ` + client + `;
		const began = Date.now();
		const { returned, name, message } = await caught(() => client.ready(` + options + `));
		return [Date.now() - began, returned ? JSON.stringify(returned) : name + ': ' + message];`
}

// untilBroadcast is a script whose client listens until broadcasts are over, and tells after how
// long that was.
func untilBroadcast(client, connections string) string {
	return `const began = Date.now();
		const { ready, received, closed } = await ` + client + `.listen({ connections: ` + connections + `, until: 'broadcast', duration: '10m' });
		return [Date.now() - began, [ready, received, closed].join()];`
}

// outcomeOf returns what timed or untilBroadcast told.
func outcomeOf(result any) (took int64, text string) {
	list, _ := result.([]any)
	if len(list) != 2 {
		return 0, fmt.Sprint(result)
	}
	took, _ = list[0].(int64)
	text, _ = list[1].(string)
	return took, text
}
