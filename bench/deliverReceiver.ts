/** The receiver of bench/deliver: says 200 to every request, as fast as Node can, so that the sender is what is measured. */
import { createServer } from "node:net"

const answer = Buffer.from("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")

const server = createServer({ noDelay: true }, (socket) => {
  let waiting = Buffer.alloc(0)
  socket
    .on("error", () => {})
    .on("data", (data) => {
      waiting = waiting.length === 0 ? data : Buffer.concat([waiting, data])
      for (;;) {
        const head = waiting.indexOf("\r\n\r\n")
        if (head < 0) return
        const length = Number(/^content-length: *(\d+)\r$/im.exec(waiting.toString("latin1", 0, head + 1))?.[1] ?? 0)
        const end = head + 4 + length
        if (waiting.length < end) return
        waiting = waiting.subarray(end)
        socket.write(answer)
      }
    })
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  console.log(typeof address === "object" && address !== null ? address.port : "")
})
