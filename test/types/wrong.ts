// What an editor must mark as wrong.
import { apigw, appsync, ErrorName } from "k6/x/pushgw";

const auth = { apiKey: "da2-key" };

// @ts-expect-error: an unknown option
new apigw.Client("wss://host/stage", { rom: "Room1" });
// @ts-expect-error: a room is a string
new apigw.Client("wss://host/stage", { room: 1 });
// @ts-expect-error: a pattern is a string or a RegExp
new apigw.Client("wss://host/stage", { handshake: [{ send: "a", pattern: ["b"] }] });
// @ts-expect-error: text is posted
new apigw.Client("wss://host/stage").post("id=", { text: "a" });
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
// @ts-expect-error: how many?
new apigw.Client("wss://host/stage").ready({});
// @ts-expect-error: no such name
const name: ErrorName = "Error";
