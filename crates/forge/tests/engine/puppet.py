"""What the tests' children do that a shell cannot: listen, speak HTTP, notify."""
import os
import signal
import socket
import sys
import time


def listen(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", int(port)))
    sock.listen(16)
    return sock


def await_file(name):
    while not os.path.exists(name):
        time.sleep(0.005)


def main(what, *words):
    if what == "listen":  # PORT: listens and never answers
        sock = listen(words[0])
        print("listening", flush=True)
        while True:
            sock.accept()
    elif what == "listen-after":  # FILE PORT: waits for the file first
        await_file(words[0])
        main("listen", words[1])
    elif what == "http":  # PORT [FILE]: answers with the status in the file, 200 without one
        sock = listen(words[0])
        print("serving", flush=True)
        while True:
            peer, _ = sock.accept()
            request = peer.recv(4096).decode("latin1")
            status = "200"
            if len(words) > 1 and os.path.exists(words[1]):
                with open(words[1]) as file:
                    status = file.read().strip()
            body = "path " + request.split(" ")[1] if " " in request else "?"
            peer.sendall(
                f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
            )
            peer.close()
    elif what == "notify-after":  # FILE: READY=1 once the file is there
        await_file(words[0])
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.sendto(b"READY=1\nSTATUS=all is well", os.environ["NOTIFY_SOCKET"])
        time.sleep(1000)
    elif what == "dispositions":  # prints what was inherited
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith(("SigBlk", "SigIgn")):
                    print(line.split()[0], line.split()[1], flush=True)
        print("done", flush=True)


signal.signal(signal.SIGINT, signal.SIG_DFL)
main(*sys.argv[1:])
