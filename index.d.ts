/**
 * Load tests for push gateways on AWS, as a k6 extension.
 *
 * Options are checked where they are given: an unknown one, one of a wrong type or an
 * impossible value throws an `InvalidOption` that names it. Nothing connects in the init
 * context.
 */
declare module "k6/x/pushgw" {
  /** A duration as k6 has it, such as `'1m30s'`, or a number of milliseconds. */
  export type Duration = string | number;

  /**
   * A value that may differ from one connection to the next: a text with placeholders in it, or a function that returns
   * it. Placeholders are `{{index}}` and, on API Gateway, `{{nickname}}` and `{{room}}`; where a text is JSON, what they
   * stand for is escaped as JSON. In what a function returns there are none.
   *
   * A function is called once for each connection, with its index, on the VU's event loop; what it returns may be a promise.
   * If it throws or returns something else, there is no connection (`pushgw_connect_failed{phase:script}`).
   *
   * The index of a listener is its number in the whole test among those of its endpoint, from 0: the `listen({ connections: 100 })`
   * of the first VU that listens there has 0 to 99, the second VU's 100 to 199, and each has the same when it calls `listen()`
   * again. So there are no gaps, whatever VUs other scenarios have, if all VUs listen with as many connections. Processes with
   * execution segments take turns: of two, the first one's VUs have 0 to 99, 200 to 299 and so on. With `PUSHGW_RUN` instead,
   * each process counts from 0. The index of a connection that `connect()` opens is its option `index`, and that of one that
   * another method opens for itself is 0.
   */
  export type PerConnection = string | ((index: number) => string | Promise<string>);

  /** Every name that an error of this module can have. */
  export type ErrorName =
    /** An option is unknown, of the wrong type or impossible. */
    | "InvalidOption"
    /** A method was called where it can't be. */
    | "UsageError"
    /** No connection came about. `code` is the HTTP status, if there was one. */
    | "ConnectError"
    /** The gateway refused a connection that was open. `code` is the gateway's. */
    | "HandshakeError"
    /** The gateway answered a request with an error. `code` is the gateway's. */
    | "GatewayError"
    /** Nothing could be published. */
    | "PublishError"
    /** The connection is closed. */
    | "ClosedError"
    /** What was waited for did not come in time. */
    | "TimeoutError"
    /** A fault of this extension. */
    | "InternalError";

  /** What is thrown, what promises reject with, and what `'error'` handlers get. */
  export interface PushError extends Error {
    name: ErrorName;
    /** The number that came with the error: an HTTP status or the gateway's own code. */
    code?: number;
  }

  /** The options that the clients of all gateways have. */
  export interface ClientOptions {
    /** How long opening a connection may take, handshake included. Default `'30s'`. */
    timeout?: Duration;
    /**
     * How many connections to open each second at most, evenly spread, whichever VU they
     * belong to, in the whole test: with `--execution-segment` each process takes its share.
     * Clients of one host have one rate, the first that is used. 0 for as fast as possible. Default 0.
     */
    connectRate?: number;
    /**
     * How often each connection sends a WebSocket ping; 0 for never. Default `'5m'` for
     * API Gateway, which closes connections that are idle for 10 minutes; 0 for AppSync,
     * which sends keep-alives itself.
     */
    ping?: Duration;
    /**
     * What dates a delivery: `'kernel'`, its arrival at this host, or `'read'`, when it was
     * read. Default `'kernel'`, and `'read'` where the system doesn't tell (not on Linux).
     */
    timestamps?: "kernel" | "read";
    /**
     * How to date broadcasts that this extension didn't send: a regular expression (RE2) with
     * one group, which holds milliseconds since 1970, such as `'room-(\\d{13})'`. Default none.
     */
    stampPattern?: string;
    /**
     * HTTP headers to send with every upgrade and every request. Requests over HTTP have those of a connection that
     * `connect()` would open. Default none.
     */
    headers?: { [name: string]: PerConnection };
    /**
     * The key of the audience that a listener belongs to, so that a broadcast is expected by those only who are to
     * hear it. On API Gateway it has the default `{{room}}`, and on AppSync Events the channel. On AppSync it is needed
     * where the subscription differs from one connection to the next, and else those who subscribe with the same are one
     * audience.
     */
    audience?: PerConnection;
    /** Parameters to add to the query of the WebSockets' URL. Default none. */
    query?: { [name: string]: PerConnection };
    /** WebSocket subprotocols to offer, on AppSync beside its own. Default none. */
    subprotocols?: PerConnection[];
    /**
     * How many bytes a message from the gateway may have. A longer one ends its connection.
     * Default 1048576 (1 MiB), which is above what any of the gateways sends.
     */
    maxMessageSize?: number;
    /**
     * How many bytes of a message to send a WebSocket frame may have, at most 1048576. A longer message is sent in several frames.
     * A browser sends each message as one frame, which is what 131072 does with all that API Gateway takes; from a frame
     * above 32 KB it closes the connection with 1009. Default 16384.
     */
    frameSize?: number;
  }

  export interface ListenOptions {
    /** How many connections to hold. Default 1. */
    connections?: number;
    /**
     * How many of them to open each second, evenly spread, in this call alone; 0 for as fast
     * as `connectRate` allows. Default 0.
     */
    rate?: number;
    /**
     * How long to listen, from the call on; 0 until the scenario stops the VU, which then
     * doesn't see the result, or no connection is left. Default 0.
     */
    duration?: Duration;
    /**
     * `'broadcast'`: until the broadcasts to these listeners are over. They are when a `broadcast()` to one of their
     * audiences has resolved since the first of them was dialled, and for a second none has been under way and no `ready()`
     * of this process has waited. In the same process a `ready()` of their client that was rejected counts like that, and so
     * does its `broadcast()` that could not begin or that nobody was to hear. A `broadcast()` of another process of the test counts too, once its end was heard through the gateway, or it has given no sign of life
     * for 90 seconds; and so does its `ready()` that was rejected, if for 15 seconds no other is called and nobody else is
     * known to wait. Nobody tells of a process that is killed before it broadcasts. So give `duration` as well: it is for
     * how long at most.
     */
    until?: 'broadcast';
  }

  /** What became of the connections of one `listen()`; opened = ready + failed + unfinished. */
  export interface ListenResult {
    /** Connections begun, whatever came of them. */
    opened: number;
    /** Those of them that the gateway acknowledged: they joined, or subscribed. */
    ready: number;
    /**
     * Those that never became ready: refused, broken off, or still in the handshake when the
     * duration was over.
     */
    failed: number;
    /** Those that were still connecting when the test was interrupted. */
    unfinished: number;
    /** Broadcasts received. */
    received: number;
    /** Connections that the gateway or the network closed, or whose subscription it ended. */
    closed: number;
  }

  /** A connection that the script drives. */
  export interface HostOptions {
    /** The connection's index, see {@link PerConnection}. Default 0. */
    index?: number;
  }

  export interface ReadyOptions {
    /**
     * How many listeners to wait for, in the whole test. Where that runs in several processes (`--execution-segment`,
     * or `PUSHGW_RUN`), `ready()` asks the others through the gateway, and waits until all have answered and their
     * listeners together are so many. It can be called in any of them, and in several.
     */
    listeners: number;
    /**
     * The key of the only audience whose listeners are counted. Default: all listeners of the client are, whichever
     * audiences they are in, each once. All clients of one endpoint whose listeners have audiences of their own count as
     * one; where the audience is the same for all listeners, all clients with that audience do. The processes of a test
     * are asked in one audience, so where the listeners' differ it has to be named there.
     */
    audience?: string;
    /** The share of them that is enough, from 0 to 1. Default 1. */
    quorum?: number;
    /**
     * How long to wait before it is a `TimeoutError`. When it can't be reached any more, because
     * as many have been tried, or all have left, and for a second no more are coming, it is the
     * error of the first listener that failed, a `HandshakeError` or a `ConnectError`, which it
     * also is where none has. It takes ten seconds where nobody is in the `audience`, though as
     * many listeners of the client have been tried, and in a test of several processes where it is
     * only because listeners have left. Either says how the listeners stand, why the first failed,
     * which audiences have listeners, how many canaries were sent in vain and what came back, and
     * which processes have not answered. Default `'1m'`.
     */
    timeout?: Duration;
    /**
     * Whether to send canaries through the gateway until the listeners have heard one, because an acknowledgement is no
     * proof. They go to each audience in which a listener has yet to hear one, one after the other. A listener that heard
     * none is deaf and is expected to hear nothing, until it does; if `ready()` is rejected, as much is expected of it after
     * that as without canaries. Default false.
     */
    canary?: boolean;
  }

  export interface ReadyResult {
    /** Listeners that are ready. This and what follows is of all processes of the test. */
    ready: number;
    /** Listeners that the gateway acknowledged but no canary reached. */
    deaf: number;
    /** Connections that failed before they were ready. */
    failed: number;
  }

  export interface BroadcastOptions {
    /** How many broadcasts to send. Default 1. */
    count?: number;
    /**
     * In place of `count`, and with `rate`: for how long to send, or a promise that ends the sending when it is settled. What
     * is due by then is planned; with a promise, what was attempted.
     */
    until?: Duration | PromiseLike<unknown>;
    /**
     * How many to send each second, by schedule: one that is late is dated as it was due.
     * 0 for one right after another. Default 0.
     */
    rate?: number;
    /**
     * The key of the audience that the broadcasts are meant for. It takes the place of `{{audience}}` in what is sent.
     * Default: the audience of the client's listeners, if they all have the same, and else there is a `UsageError`.
     */
    audience?: string;
    /**
     * How long to wait for deliveries of each broadcast after the last one; less if all are in. What a listener hasn't heard by
     * then is lost, and counted then. Default `'5s'`.
     */
    settle?: Duration;
  }

  /**
   * The account of a series of broadcasts to the listeners of this process. A delivery is one broadcast reaching one
   * listener; expected = received + lost + indeterminate, and planned = sent + unsent. Times are
   * milliseconds from when a broadcast was due to its arrival.
   */
  export interface BroadcastResult {
    /** Broadcasts that were to be sent: `count`, or as many as were due by `until`. */
    planned: number;
    /** Broadcasts sent. */
    sent: number;
    /**
     * Broadcasts that could not be sent, and those that were not tried because the connection was
     * closed, the key refused or the operation invalid, or because the test ended.
     */
    unsent: number;
    /** Deliveries that were due: listeners that were ready, added up over the broadcasts. */
    expected: number;
    /** Deliveries that came, the first copy of each. */
    received: number;
    /**
     * Deliveries that did not come, also because the gateway or the network had ended the
     * listener's connection first.
     */
    lost: number;
    /**
     * Deliveries that nobody was there for: listeners that had been ready and were cut off, added
     * up over the broadcasts that were sent meanwhile. They are not among the expected.
     */
    missed: number;
    /** Deliveries that came after their broadcast had been settled. Where they were due, they are lost. */
    late: number;
    /** Further copies of deliveries. */
    duplicated: number;
    /** Deliveries that came after a later broadcast. */
    reordered: number;
    /**
     * Deliveries of which nobody can know: the listener came or left by this side's doing, or
     * the test ended, while they were under way.
     */
    indeterminate: number;
    /** How long the first listener waited, of the slowest broadcast. Like the three below it is 0 if nothing was received: look at `received`. */
    first: number;
    /** Half of the deliveries took no longer. */
    p50: number;
    /** 99 % of the deliveries took no longer. Quantiles are off by less than one per cent. */
    p99: number;
    /** How long the last listener waited, of the slowest broadcast. */
    last: number;
  }

  /** One message as it came, in the connection's `'message'` event. */
  export interface Message {
    /** The frame's text, as it came. */
    data: string;
    /** The id of the subscription that it is for; empty on API Gateway. */
    id: string;
  }

  /** The end of a connection, in its `'close'` event. */
  export interface Close {
    /** The WebSocket close code. */
    code: number;
    /** The reason that came with it. */
    reason: string;
  }

  /** A connection that a script drives. It isn't one of the listeners. */
  export interface Connection {
    /**
     * Calls the handler for every message, until the connection is closed; on API Gateway the
     * answers to `connect()` and `join()` are none.
     */
    on(event: "message", handler: (message: Message) => void): void;
    /** Calls the handler when the connection is closed, by whomever. */
    on(event: "close", handler: (close: Close) => void): void;
    /** Calls the handler for every error that answers none of the script's requests. */
    on(event: "error", handler: (error: PushError) => void): void;
    /** Sends a text as it is. Throws a `ClosedError` if the connection is closed. */
    send(text: string): void;
    /** Closes the connection; resolves when it is closed. */
    close(): Promise<void>;
  }

  /**
   * Keys of AWS's Identity and Access Management, with which requests are signed. `{}` stands for the keys that AWS's
   * SDKs find by themselves: in the environment, in a profile, or those of the machine's role. They are looked for
   * when a connection is opened, once for all VUs, and renewed before they expire.
   */
  export interface IAM {
    /** The id of the key. Default: the SDKs'. */
    accessKeyId?: string;
    /** The key itself. It goes with `accessKeyId`. */
    secretAccessKey?: string;
    /** What comes with keys that expire. Default none. The local gateway doesn't check it. */
    sessionToken?: string;
    /** The profile in `~/.aws` whose keys to take. Default: the SDKs'. Not beside keys. */
    profile?: string;
    /** The API's region. Default: that in the URL's host; a custom domain has none. */
    region?: string;
  }

  /**
   * A value, or a function that returns it or a promise of it. The function is called once for each connection, with the
   * connection's index, and for each request that belongs to none, such as those of `graphql()` and `broadcast()`, without
   * one: it has to return a value then too.
   */
  export type Credential<T> = T | ((index?: number) => T | Promise<T>);

  /** What a client proves its right with: exactly one of these. */
  export type Auth =
    | {
        /** The API key. */
        apiKey: Credential<string>;
        token?: undefined;
        iam?: undefined;
      }
    | {
        /** What Cognito, an OpenID Connect provider or a Lambda authorizer checks. It is sent as it is. */
        token: Credential<string>;
        apiKey?: undefined;
        iam?: undefined;
      }
    | {
        /** Sign by AWS's Signature Version 4. */
        iam: Credential<IAM>;
        apiKey?: undefined;
        token?: undefined;
      };

  /** API Gateway WebSocket APIs. */
  export namespace apigw {
    /**
     * One step of a handshake. Its reply is known by one of `expect`, `contains` and `pattern`; a step without any
     * is complete as soon as its text is sent. Messages that aren't the reply are passed over. No step can send what an
     * earlier reply said.
     */
    interface Step {
      /** The text to send. Default none: the step only waits. */
      send?: PerConnection;
      /** How the reply begins. */
      expect?: string;
      /** A text that is anywhere in the reply. */
      contains?: string;
      /**
       * A regular expression (RE2) that the reply matches; of a RegExp's flags it may have `i`, `m`, `s` and `u`.
       * A group `(?<connectionId>…)` finds the connection's id, of at most 256 bytes. Other groups have no names.
       */
      pattern?: string | RegExp;
      /**
       * How long to wait for the reply, give or take a second. Default: the client's `timeout`, which bounds the
       * whole handshake.
       */
      timeout?: Duration;
      /** The Counter that counts completed steps. Default none. */
      counter?: string;
    }

    interface Options extends ClientOptions {
      /**
       * What nicknames of listeners begin with; a number makes each its own. One that differs from one connection to
       * the next is taken as it is. Default `'Listener'`.
       */
      nickname?: PerConnection;
      /**
       * The room that is joined, and whose members are the audience. One word, unless there is a `handshake`. Default
       * `'Room1'`, also with a `handshake` that doesn't send it: there it is only the audience's name.
       */
      room?: PerConnection;
      /** How to be let in. Default: nothing is asked for, or the URL and `headers` have it. */
      auth?: Auth;
      /**
       * How a connection presents its credentials: in headers (`x-api-key`, `Authorization`) or in the URL's query
       * (`token`, or a presigned URL). An API key can't be in the query. Default `'headers'`.
       */
      credentials?: "headers" | "query";
      /** What a token is called in the URL's query. Default `'token'`. */
      tokenParameter?: string;
      /**
       * How a connection becomes ready, for other applications than the blog's chat. The error of one that fails
       * names the step, what it waited for and the last message that came.
       * Default: send the nickname, then join the room.
       */
      handshake?: Step[];
      /**
       * The text in which stamps are sent, see {@link MessageOptions}, unless a call has another. Processes that only
       * listen use it, too: for their answers to another process's `ready()`. Default `'{{stamp}}'`.
       */
      message?: string;
      /**
       * Where `post()`, `get()`, `delete()` and `notify()` go: what stands before `/@connections`. Default: the URL with `https` in
       * place of `wss`, or `http` of `ws`, which is right for the API's own host and for custom domains alike.
       */
      managementUrl?: string;
    }

    /** What API Gateway tells of a connection, in its own words. */
    interface ConnectionInfo {
      /** When it was opened, as an ISO 8601 date. */
      connectedAt: string;
      /** When something was last sent on it, by either side. */
      lastActiveAt: string;
      /** Who opened it. `userAgent` is empty if the upgrade had none. */
      identity: { sourceIp: string; userAgent: string };
    }

    /** With a `handshake` of the client's own, `nickname` and `room` are a `UsageError` if no step has them. */
    interface ConnectOptions extends HostOptions {
      /** The connection's nickname, as it is. Default `'Host-'` and a number. */
      nickname?: string;
      /** The room to join. Default the client's. */
      room?: string;
    }

    interface MessageOptions extends BroadcastOptions {
      /**
       * The text to send, with `{{stamp}}` where the stamp goes and `{{audience}}` where the key of the audience does,
       * escaped as JSON if the text is JSON. Default: the client's.
       */
      message?: string;
    }

    interface BarrierOptions extends ReadyOptions {
      /**
       * The text of canaries, and of what other processes are asked, as that of broadcasts. Default: the client's. With a
       * `handshake` of the client's own, `canary` is a `UsageError` without either, because `{{stamp}}` alone is what the chat takes.
       */
      message?: string;
    }

    /** A connection in a room, or to another application. */
    interface Host extends Connection {
      /** Missing if no step of the client's own `handshake` has it. */
      readonly nickname?: string;
      /** Missing if no step of the client's own `handshake` has it. */
      readonly room?: string;
      /** The gateway's id for the connection, if the `pattern` of a step has found it. */
      readonly connectionId?: string;
      /**
       * Joins another room of the chat application; resolves when the application says so. Several go out one after
       * another. With a `handshake` of the client's own it throws a `UsageError`.
       */
      join(room: string): Promise<void>;
      /**
       * Sends broadcasts to the room, or whoever hears what the application is sent, and waits for the account of them. It sends no more once the
       * connection is closed. If none could be sent, it rejects with a `PublishError`. Without the client's option
       * `audience` the default audience is the room, and in the chat application there is no other.
       */
      broadcast(options?: MessageOptions): Promise<BroadcastResult>;
    }

    class Client {
      /**
       * @param url `wss://{api-id}.execute-api.{region}.amazonaws.com/{stage}`, or `ws://…`. Its path and its query may
       * have placeholders, see {@link PerConnection}.
       */
      constructor(url: string, options?: Options);
      /** Opens one connection that the script drives; resolves when it has joined. */
      connect(options?: ConnectOptions): Promise<Host>;
      /**
       * Opens listeners and holds them, without a line of JavaScript for what they receive. After
       * a `listen()` that ran out of connections, the VU's next one waits before it opens any:
       * half a second, then longer from failure to failure, up to half a minute, with jitter.
       */
      listen(options?: ListenOptions): Promise<ListenResult>;
      /** Waits until that many listeners of the test are ready, or can't be any more. */
      ready(options: BarrierOptions): Promise<ReadyResult>;
      /**
       * Sends broadcasts from a connection of its own and waits for the account of them, as a host's does. Without the
       * client's option `audience`, that connection joins the room that is the audience.
       */
      broadcast(options?: MessageOptions): Promise<BroadcastResult>;
      /**
       * Posts a text to one connection of the API, as a backend does by API Gateway's `@connections`. The three methods
       * are requests over HTTPS, signed if the client's `auth` is `iam`, which AWS demands. What API Gateway refuses is
       * a `GatewayError`, whose message begins with the name of AWS's error and whose `code` is the status: `Gone` (410:
       * the connection is closed, or its `$connect` not over), `PayloadTooLarge` (413), `LimitExceeded` (429), `Forbidden`
       * (403), `BadRequest` (400: no connection has such an id). Nothing is tried again.
       */
      post(connectionId: string, data: string): Promise<void>;
      /** Asks for what API Gateway knows of a connection. */
      get(connectionId: string): Promise<ConnectionInfo>;
      /** Closes a connection, whose client is told 1000. */
      delete(connectionId: string): Promise<void>;
      /**
       * Posts messages to the listeners of this process as `post()` does, each message to one listener, in turn, and
       * waits for the account of them: a delivery is expected by that listener only. It needs a step in the client's
       * `handshake` that finds the listeners' ids; without one it throws a `UsageError`.
       *
       * With a `rate`, a message is posted when it is due, though others have no answer yet, up to 500 at a time; without
       * one, when the one before has its answer. Two posts to one listener are never under way at a time.
       *
       * What is `Gone` was sent: its listener, if it was there, has lost it or left, and no more is posted to it. The
       * posts end, and what is left is unsent, when nobody is left to post to, or with `Forbidden`, `PayloadTooLarge` or
       * `BadRequest`. What else fails, such as `LimitExceeded`, is unsent, unless a listener hears it. If none could be
       * posted, it rejects with a `PublishError`.
       *
       * In a test of several processes, one of them can't also `broadcast()` to the same audience: a `UsageError`.
       */
      notify(options?: MessageOptions): Promise<BroadcastResult>;
    }
  }

  /** AppSync GraphQL APIs and their subscriptions. */
  export namespace appsync {
    /** A GraphQL operation. */
    interface Operation {
      /** Its text. */
      query: string;
      /** Its variables. Default none. */
      variables?: { [name: string]: unknown };
      /** Which operation of the text is meant. Default none: there is only one. */
      operationName?: string;
    }

    /** An operation that may differ from one connection to the next. */
    interface SubscriptionOperation {
      /** Its text, which may have the placeholder `{{index}}`. */
      query: string;
      /**
       * Its variables, in whose texts there may be `{{index}}`; or a function of the connection's index that returns
       * them, called as those of {@link PerConnection} are. Default none.
       */
      variables?: { [name: string]: unknown } | ((index: number) => { [name: string]: unknown });
      /** Which operation of the text is meant. Default none: there is only one. */
      operationName?: string;
    }

    /** One of several subscriptions of a listener. */
    interface AudienceOperation extends SubscriptionOperation {
      /** The key of the audience, as the client's option `audience`. */
      audience?: PerConnection;
    }

    interface Options extends ClientOptions {
      /** How to be let in. */
      auth: Auth;
      /** What listeners subscribe to; those who do are the audience. `listen()` needs it, or `subscriptions`. */
      subscription?: SubscriptionOperation;
      /**
       * Several operations, at most 200, in place of one `subscription`: each listener subscribes to all of them on its
       * one connection. It counts once, in `listen()`, in `ready()` and in `pushgw_ready_time`, and is ready when all are
       * acknowledged, each of which `subscribed_success_counter` counts. A broadcast to an audience is due once to each
       * subscription with that audience. If one is refused, or the gateway ends one before all are acknowledged, the
       * listener has failed and its connection is closed; if the gateway ends one later, the listener is cut off, from
       * all of its audiences.
       */
      subscriptions?: AudienceOperation[];
      /**
       * What publishes a broadcast, with `{{stamp}}` in its text or its variables where the
       * stamp goes, and `{{audience}}` where the key of the audience does. `broadcast()` needs it.
       */
      mutation?: Operation;
      /** Where subscriptions go; its path and its query may have `{{index}}`. Default: derived from the API's URL. */
      realtimeUrl?: string;
      /** The API's host as it is signed. Default: the URL's. */
      host?: string;
      /**
       * How a connection presents its credentials: in the WebSocket's subprotocol, in the
       * URL's query, or in headers, of which `Host` is the API's. Private APIs don't take
       * the last. Default `'subprotocol'`.
       */
      credentials?: "subprotocol" | "query" | "headers";
    }

    interface Subscription {
      /** The id of its `start` message, which its messages carry. */
      readonly id: string;
      /** Ends the subscription; resolves when the gateway has acknowledged that. */
      unsubscribe(): Promise<void>;
    }

    /** A connection without subscriptions, but for those that the script makes. */
    interface Host extends Connection {
      /**
       * Subscribes; resolves when the gateway has acknowledged it.
       * @param operation Default the client's `subscription`, or the only one of its `subscriptions`.
       */
      subscribe(operation?: Operation): Promise<Subscription>;
    }

    class Client {
      /** @param url `https://{id}.appsync-api.{region}.amazonaws.com/graphql`, or `http://…` */
      constructor(url: string, options: Options);
      /** Opens one connection that the script drives; resolves when it is acknowledged. */
      connect(options?: HostOptions): Promise<Host>;
      /**
       * Opens listeners and holds them, without a line of JavaScript for what they receive. After
       * a `listen()` that ran out of connections, the VU's next one waits before it opens any:
       * half a second, then longer from failure to failure, up to half a minute, with jitter.
       */
      listen(options?: ListenOptions): Promise<ListenResult>;
      /** Waits until that many listeners of the test are ready, or can't be any more. */
      ready(options: ReadyOptions): Promise<ReadyResult>;
      /**
       * Sends mutations and waits for the account of their deliveries. It sends no more once the
       * key is refused or the operation invalid. If none could be sent, it rejects with a
       * `PublishError`.
       */
      broadcast(options?: BroadcastOptions): Promise<BroadcastResult>;
      /** Sends one GraphQL request over HTTPS; resolves with the response's `data`. */
      graphql(operation: Operation): Promise<any>;
    }
  }

  /** Event APIs of AppSync: channels that are subscribed to, and published to. */
  export namespace events {
    interface Options extends ClientOptions {
      /** How to be let in. */
      auth: Auth;
      /**
       * What listeners subscribe to, such as `'default/rooms/Room1'`, or a list of up to 200 such, to all of which
       * each connection subscribes. The last segment may be `*`. Those who subscribe to a channel are its audience, whose
       * key is the channel, unless the option `audience` says otherwise. `listen()` needs it.
       */
      channel?: PerConnection | PerConnection[];
      /** Where subscriptions go; its path and its query may have `{{index}}`. Default: derived from the API's URL. */
      realtimeUrl?: string;
      /** The API's host as it is signed. Default: the URL's. */
      host?: string;
      /**
       * How a connection presents its credentials: in the WebSocket's subprotocol, in the URL's
       * query, which AppSync doesn't document for Event APIs, or in HTTP headers. Default `'subprotocol'`.
       */
      credentials?: "subprotocol" | "query" | "headers";
    }

    /** What is published, and how. */
    interface EventMessage {
      /**
       * What is published, with `{{stamp}}` in one of its strings where the stamp goes, and `{{audience}}` where the
       * key of the audience does: any value that JSON can hold. Default `{ stamp: '{{stamp}}' }`.
       */
      event?: unknown;
      /**
       * The channel to publish to, which can't end with `*`. Default: the channel that the audience is named after. Where
       * it is given, the default audience is whoever of the client's listeners hears it, perhaps by a `*`.
       */
      channel?: string;
      /**
       * How to publish: over HTTPS, or over a connection that is opened for as long as that takes, on which
       * AppSync allows 25 requests a second. Over a connection the next request is sent when it is due, though the
       * one before has no answer yet. Default `'http'`.
       */
      publish?: "http" | "socket";
      /**
       * How many events go into one request, from 1 to 5. Each is a broadcast. They are due together, so
       * `{ rate: 50, batch: 5 }` is ten requests a second. A barrier's canaries go one by one. Default 1.
       */
      batch?: number;
    }

    /** What a barrier publishes, and how. */
    interface BarrierOptions extends ReadyOptions, EventMessage {
      /**
       * The channel to which canaries are published for those who hear it by a `*`. For each other audience they go to the
       * channel that it is named after, unless the client has the option `audience`. Where none is given that a channel with `*`
       * covers, `canary` is a `UsageError`, or `audience` has to name another channel. Of several channels with `*`, each
       * needs a `ready()` with `channel` and `audience`.
       */
      channel?: string;
    }

    interface PublishOptions {
      /** The channel to publish to, which can't end with `*`. Default the client's. */
      channel?: string;
    }

    /** An event that was published. */
    interface PublishedEvent {
      /** What AppSync calls it. */
      identifier: string;
      /** Its place in the list, from 0. */
      index: number;
    }

    /** An event that was not published. */
    interface FailedEvent extends PublishedEvent {
      /** Why, as a status of HTTP; 0 if AppSync doesn't say. */
      code: number;
      /** Why, in AppSync's words. */
      message: string;
    }

    /** What became of the events of one request. */
    interface PublishResult {
      successful: PublishedEvent[];
      failed: FailedEvent[];
    }

    interface Subscription {
      /** The id of its `subscribe` message, which its messages carry. */
      readonly id: string;
      /** Ends the subscription; resolves when the gateway has acknowledged that. */
      unsubscribe(): Promise<void>;
    }

    /** A connection without subscriptions, but for those that the script makes. */
    interface Host extends Connection {
      /**
       * Subscribes; resolves when the gateway has acknowledged it.
       * @param channel Default the client's; its last segment may be `*`.
       */
      subscribe(channel?: string): Promise<Subscription>;
      /**
       * Publishes one to five events in one request over the connection, on which AppSync allows 25 a second.
       * Resolves with what became of each. Rejects if the request is refused as a whole.
       */
      publish(events: unknown[], options?: PublishOptions): Promise<PublishResult>;
    }

    class Client {
      /** @param url `https://{id}.appsync-api.{region}.amazonaws.com/event`, or `http://…` */
      constructor(url: string, options: Options);
      /** Opens one connection that the script drives; resolves when it is acknowledged. */
      connect(options?: HostOptions): Promise<Host>;
      /**
       * Opens listeners and holds them, without a line of JavaScript for what they receive. After
       * a `listen()` that ran out of connections, the VU's next one waits before it opens any:
       * half a second, then longer from failure to failure, up to half a minute, with jitter.
       */
      listen(options?: ListenOptions): Promise<ListenResult>;
      /** Waits until that many listeners of the test are ready, or can't be any more. */
      ready(options: BarrierOptions): Promise<ReadyResult>;
      /**
       * Publishes events and waits for the account of their deliveries. An event that AppSync says has failed is
       * unsent. It sends no more once the key, the channel or the event is refused. If none could be sent, it rejects
       * with a `PublishError`.
       */
      broadcast(options?: BroadcastOptions & EventMessage): Promise<BroadcastResult>;
      /**
       * Publishes one to five events in one request over HTTPS; resolves with what became of each. Rejects if the
       * request is refused as a whole.
       */
      publish(events: unknown[], options?: PublishOptions): Promise<PublishResult>;
    }
  }
}
