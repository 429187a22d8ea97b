// What an editor must mark as wrong.
import { apigw, appsync, events, ErrorName } from "k6/x/pushgw";

const auth = { apiKey: "da2-key" };

// @ts-expect-error: an unknown option
new apigw.Client("wss://host/stage", { rom: "Room1" });
// @ts-expect-error: a room is a string
new apigw.Client("wss://host/stage", { room: 1 });
// @ts-expect-error: a pattern is a string or a RegExp
new apigw.Client("wss://host/stage", { handshake: [{ send: "a", pattern: ["b"] }] });
// @ts-expect-error: text is posted
new apigw.Client("wss://host/stage").post("id=", { text: "a" });
// @ts-expect-error: a message is a text
new apigw.Client("wss://host/stage").notify({ message: { stamp: "{{stamp}}" } });
// @ts-expect-error: of an index
new apigw.Client("wss://host/stage", { room: (name: string) => name });
// @ts-expect-error: a header is a string
new apigw.Client("wss://host/stage", { headers: { "x-user": (index) => index } });
// @ts-expect-error: there must be credentials
new appsync.Client("https://host/graphql", {});
// @ts-expect-error: one of three
new appsync.Client("https://host/graphql", { auth, credentials: "header" });
// @ts-expect-error: one of several
new appsync.Client("https://host/graphql", { auth: { apiKey: "da2-key", token: "jwt" } });
// @ts-expect-error: an unknown member
new appsync.Client("https://host/graphql", { auth: { iam: { accessKeyID: "AKID" } } });
// @ts-expect-error: a token is a string
new apigw.Client("wss://host/stage", { auth: { token: async () => 5 } });
// @ts-expect-error: there must be credentials
new apigw.Client("wss://host/stage", { auth: {} });
// @ts-expect-error: there must be credentials
new events.Client("https://host/event", { channel: "default/a" });
// @ts-expect-error: no such way to publish
new events.Client("https://host/event", { auth }).broadcast({ publish: "mqtt" });
// @ts-expect-error: a list
new events.Client("https://host/event", { auth }).publish("event");
// @ts-expect-error: how many?
new apigw.Client("wss://host/stage").ready({});
// @ts-expect-error: no such name
const name: ErrorName = "Error";
