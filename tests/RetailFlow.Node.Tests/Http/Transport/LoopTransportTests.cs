using System.Buffers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using RetailFlow.Node.Http.Transport;
using RetailFlow.Storage;
using Xunit;

namespace RetailFlow.Node.Tests.Http.Transport;

public sealed class LoopTransportTests
{
    private const string Linux = "The loops are of Linux.";

    [Fact]
    public async Task An_endpoint_that_says_so_is_on_the_loop_and_every_other_one_on_the_pool()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        await using var server = await LoopServer.StartAsync(web =>
        {
            web.MapGet("/loop", Where).OnLoop();
            web.MapGet("/pool", Where);
            web.MapGet("/left", async (HttpContext context) =>
            {
                await EventLoop.LeaveAsync();
                await Where(context);
            }).OnLoop();
        });
        using var client = await server.ConnectAsync();

        foreach (var (path, expected) in new[] { ("/loop", "loop"), ("/pool", "pool"), ("/loop", "loop"), ("/left", "pool"), ("/loop", "loop") })
        {
            // A worker of the pool that finds the next request there already begins with it.
            string answer;
            do
            {
                await client.SendAsync(LoopServer.Get(path));
                answer = await LoopServer.ReadAsync(client, text => Ends("loop")(text) || Ends("pool")(text));
            }
            while (expected == "loop" && !answer.EndsWith(expected, StringComparison.Ordinal));

            Assert.EndsWith(expected, answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_blocks_its_thread_keeps_no_other_request_waiting()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        using var gate = new ManualResetEventSlim();
        var isBlocked = new TaskCompletionSource();
        await using var server = await LoopServer.StartAsync(web =>
        {
            web.MapGet("/loop", Where).OnLoop();
            web.MapPost("/blocks", async (HttpContext context) =>
            {
                await TakeTwoAsync(context);
                isBlocked.SetResult();
                gate.Wait();
                await AnswerAsync(context, "done");
            });
        });
        using var blocked = await server.ConnectAsync();
        using var other = await server.ConnectAsync();

        // The last byte of the body comes alone: who waits for it goes on where it is read, unless it has left the loop.
        await blocked.SendAsync(Encoding.ASCII.GetBytes("POST /blocks HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1"));
        await other.SendAsync(LoopServer.Get("/loop"));
        await LoopServer.ReadAsync(other, text => Ends("loop")(text) || Ends("pool")(text));
        await blocked.SendAsync("2"u8.ToArray());
        await isBlocked.Task;
        for (var i = 0; i < 20; i++)
        {
            await other.SendAsync(LoopServer.Get("/loop"));
            await LoopServer.ReadAsync(other, text => Ends("loop")(text) || Ends("pool")(text));
        }

        gate.Set();
        Assert.EndsWith("done", await LoopServer.ReadAsync(blocked, Ends("done")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_comes_late_is_taken_on_the_pool_wherever_its_request_began()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        await using var server = await LoopServer.StartAsync(web =>
        {
            web.MapPost("/pool", async (HttpContext context) =>
            {
                await TakeTwoAsync(context);
                await Where(context);
            });
            web.MapPost("/left", async (HttpContext context) =>
            {
                await LoopPlace.LeaveAsync(context);
                await TakeTwoAsync(context);
                await Where(context);
            }).OnLoop();
            web.MapGet("/loop", Where).OnLoop();
        });
        for (var n = 0; n < 60; n++)
        {
            using var client = await server.ConnectAsync();
            foreach (var path in new[] { "/pool", "/left", "/pool" })
            {
                // Right behind an answer a request may begin on the pool.
                await client.SendAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1"));
                await client.SendAsync("2"u8.ToArray());
                Assert.EndsWith("pool", await LoopServer.ReadAsync(client, text => Ends("loop")(text) || Ends("pool")(text)), StringComparison.Ordinal);
            }

            string answer;
            do
            {
                await client.SendAsync(LoopServer.Get("/loop"));
                answer = await LoopServer.ReadAsync(client, text => Ends("loop")(text) || Ends("pool")(text));
            }
            while (!Ends("loop")(answer));
        }
    }

    [Fact]
    public async Task A_large_body_waits_for_its_reader_and_comes_whole()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        var gate = new TaskCompletionSource();
        await using var server = await LoopServer.StartAsync(web => web.MapPost("/sum", async (HttpContext context) =>
        {
            await gate.Task;
            using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            while (true)
            {
                var read = await context.Request.BodyReader.ReadAsync();
                foreach (var part in read.Buffer)
                {
                    sum.AppendData(part.Span);
                }

                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            await AnswerAsync(context, "sum " + Convert.ToHexString(sum.GetCurrentHash()) + ".");
        }));
        using var client = await server.ConnectAsync();
        var body = Bytes(24 << 20);

        await client.SendAsync(Encoding.ASCII.GetBytes($"POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n\r\n"));
        for (var at = 0; at < body.Length;)
        {
            at += await client.SendAsync(body.AsMemory(at, Math.Min(64 << 10, body.Length - at)));
            if (at > 3 << 19)
            {
                // More than the server reads ahead, and less than that and the systems' buffers together.
                gate.TrySetResult();
            }
        }

        Assert.EndsWith($"sum {Convert.ToHexString(SHA256.HashData(body))}.", await LoopServer.ReadAsync(client, Ends(".")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_answer_waits_for_its_receiver_and_comes_whole()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        var body = Bytes(16 << 20);
        await using var server = await LoopServer.StartAsync(web => web.MapGet("/large", async (HttpContext context) =>
        {
            context.Response.ContentLength = body.Length;
            await context.Response.BodyWriter.WriteAsync(body);
        }).OnLoop());
        using var client = await server.ConnectAsync(receiveBuffer: 4096);
        await client.SendAsync(LoopServer.Get("/large"));

        var received = new ArrayBufferWriter<byte>();
        while (received.WrittenSpan.IndexOf("\r\n\r\n"u8) is var head && (head < 0 || received.WrittenCount < head + 4 + body.Length))
        {
            var count = await client.ReceiveAsync(received.GetMemory(64 * 1024));
            Assert.NotEqual(0, count);
            received.Advance(count);
        }

        Assert.True(received.WrittenSpan[(received.WrittenSpan.IndexOf("\r\n\r\n"u8) + 4)..].SequenceEqual(body));
    }

    [Fact]
    public async Task A_request_that_comes_byte_by_byte_and_requests_that_come_together_are_answered_in_order()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        await using var server = await LoopServer.StartAsync(web =>
        {
            web.MapGet("/loop/{n}", (HttpContext context, string n) => AnswerAsync(context, $"<{n}>")).OnLoop();
            web.MapGet("/pool/{n}", (HttpContext context, string n) => AnswerAsync(context, $"<{n}>"));
        });
        using var client = await server.ConnectAsync();

        foreach (var one in LoopServer.Get("/loop/1"))
        {
            await client.SendAsync(new[] { one });
        }

        Assert.EndsWith("<1>", await LoopServer.ReadAsync(client, text => text.Contains("<1>", StringComparison.Ordinal)), StringComparison.Ordinal);
        await client.SendAsync(Enumerable.Range(2, 100).SelectMany(n => LoopServer.Get(n % 2 == 0 ? $"/loop/{n}" : $"/pool/{n}")).ToArray());
        var all = await LoopServer.ReadAsync(client, text => text.Contains("<101>", StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(2, 100), all.Split('<').Skip(1).Select(part => int.Parse(part.Split('>')[0], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_client_that_leaves_is_noticed_and_an_answer_that_is_broken_off_does_not_look_whole()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        var began = new TaskCompletionSource();
        var left = new TaskCompletionSource();
        await using var server = await LoopServer.StartAsync(web =>
        {
            web.MapGet("/waits", async (HttpContext context) =>
            {
                context.RequestAborted.Register(left.SetResult);
                began.SetResult();
                await left.Task;
            }).OnLoop();
            web.MapGet("/half", async (HttpContext context) =>
            {
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                context.Abort();
            });
        });

        using (var leaves = await server.ConnectAsync())
        {
            await leaves.SendAsync(LoopServer.Get("/waits"));
            await began.Task;
        }

        await left.Task;
        using var client = await server.ConnectAsync();
        await client.SendAsync(Encoding.ASCII.GetBytes("GET /half HTTP/1.0\r\n\r\n"));
        var broken = await Assert.ThrowsAsync<SocketException>(() => LoopServer.ReadAsync(client, static _ => false));
        Assert.Equal(SocketError.ConnectionReset, broken.SocketErrorCode);
    }

    [Fact]
    public async Task A_client_that_only_ends_its_sending_and_takes_nothing_is_let_go()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        var ended = new TaskCompletionSource();
        await using var server = await LoopServer.StartAsync(web => web.MapGet("/large", async (HttpContext context) =>
        {
            try
            {
                await context.Response.BodyWriter.WriteAsync(new byte[32 << 20]);
            }
            finally
            {
                ended.SetResult();
            }
        }).OnLoop());
        using var client = await server.ConnectAsync(receiveBuffer: 4096);
        await client.SendAsync(LoopServer.Get("/large"));
        client.Shutdown(SocketShutdown.Send);

        await ended.Task;
        await server.StopAsync();
    }

    [Fact]
    public async Task A_connection_that_is_broken_off_closes_before_its_request_is_through()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        var gate = new TaskCompletionSource();
        await using var server = await LoopServer.StartAsync(web => web.MapGet("/goes-on", async (HttpContext context) =>
        {
            context.Abort();
            await gate.Task;
        }));
        using var client = await server.ConnectAsync();
        await client.SendAsync(LoopServer.Get("/goes-on"));

        var broken = await Assert.ThrowsAsync<SocketException>(() => LoopServer.ReadAsync(client, static _ => false));
        Assert.Equal(SocketError.ConnectionReset, broken.SocketErrorCode);
        gate.SetResult();
    }

    [Fact]
    public async Task A_reset_while_both_directions_stand_ends_that_connection_alone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        var answer = Bytes(256 << 10);
        await using var server = await LoopServer.StartAsync(web =>
        {
            web.MapGet("/large", (HttpContext context) => context.Response.Body.WriteAsync(answer).AsTask()).OnLoop();
            web.MapGet("/loop", Where).OnLoop();
        });
        for (var n = 0; n < 5; n++)
        {
            // Requests whose answers nobody takes, until no more are taken either.
            using var client = await server.ConnectAsync(receiveBuffer: 4096);
            client.Blocking = false;
            var requests = Enumerable.Repeat(LoopServer.Get("/large"), 1_000).SelectMany(static get => get).ToArray();
            var refusals = 0;
            while (refusals < 1_000)
            {
                if (client.Send(requests, SocketFlags.None, out var error) <= 0)
                {
                    Assert.Equal(SocketError.WouldBlock, error);
                    refusals++;
                }
            }

            client.LingerState = new LingerOption(true, 0);
        }

        using var other = await server.ConnectAsync();
        await other.SendAsync(LoopServer.Get("/loop"));
        Assert.Contains("200 OK", await LoopServer.ReadAsync(other, text => Ends("loop")(text) || Ends("pool")(text)), StringComparison.Ordinal);
        await server.StopAsync();
    }

    [Fact]
    public async Task A_receiver_that_takes_nothing_is_cut_off_when_the_server_gives_up()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        var ended = new TaskCompletionSource<Exception?>();
        await using var server = await LoopServer.StartAsync(web => web.MapGet("/large", async (HttpContext context) =>
        {
            try
            {
                var writing = context.Response.BodyWriter.WriteAsync(new byte[32 << 20]);
                Assert.False(writing.IsCompleted);
                context.Abort();
                await writing;
                ended.SetResult(null);
            }
            catch (Exception failure)
            {
                ended.SetResult(failure);
            }
        }).OnLoop());
        using var client = await server.ConnectAsync(receiveBuffer: 4096);
        await client.SendAsync(LoopServer.Get("/large"));

        await ended.Task;
        await Assert.ThrowsAsync<SocketException>(() => LoopServer.ReadAsync(client, static _ => false));
    }

    [Fact]
    public async Task Connections_that_come_and_go_leave_the_server_as_it_was_and_it_ends()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), Linux);
        await using var server = await LoopServer.StartAsync(web => web.MapGet("/loop", Where).OnLoop());
        await Task.WhenAll(Enumerable.Range(0, 16).Select(client => Task.Run(async () =>
        {
            for (var n = 0; n < 40; n++)
            {
                using var socket = await server.ConnectAsync();
                if ((client + n) % 3 == 0)
                {
                    // Gone with half a request, by a reset.
                    await socket.SendAsync("GET /lo"u8.ToArray());
                    socket.LingerState = new LingerOption(true, 0);
                    continue;
                }

                await socket.SendAsync(Encoding.ASCII.GetBytes("GET /loop HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
                var answer = await LoopServer.ReadAsync(socket, static _ => false);
                Assert.True(Ends("loop")(answer) || Ends("pool")(answer), answer);
            }
        })));
        using var idle = await server.ConnectAsync();
        await idle.SendAsync(LoopServer.Get("/loop"));
        await LoopServer.ReadAsync(idle, text => Ends("loop")(text) || Ends("pool")(text));

        await server.StopAsync();

        Assert.Empty(await LoopServer.ReadAsync(idle, static _ => false));
    }

    private static Task Where(HttpContext context) => AnswerAsync(context, EventLoop.Current is null ? "pool" : "loop");

    private static Task AnswerAsync(HttpContext context, string text)
    {
        context.Response.ContentLength = text.Length;
        return context.Response.WriteAsync(text);
    }

    private static async Task TakeTwoAsync(HttpContext context)
    {
        var read = await context.Request.BodyReader.ReadAtLeastAsync(2);
        context.Request.BodyReader.AdvanceTo(read.Buffer.End);
    }

    private static Func<string, bool> Ends(string with) => text => text.EndsWith(with, StringComparison.Ordinal);

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
