using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Projects;
using RetailFlow.Node.Demo;
using RetailFlow.Node.Http;
using RetailFlow.Node.Http.Transport;
using RetailFlow.Node.Http.Doors;
using RetailFlow.Node.Ingest;
using RetailFlow.Node.Kafka;
using RetailFlow.Node.Live;
using RetailFlow.Node.Refresh;
using RetailFlow.Node.Serving;
using RetailFlow.Node.Telemetry;
using RetailFlow.Stock.Ledger;
using RetailFlow.Stock.Records;

namespace RetailFlow.Node;

/// <summary>
/// A running node: HTTP in front of the journal, the pipeline behind it. It answers from the first moment on and is ready when the
/// journal is recovered. Stopping takes no more records, drains the journal, runs the pipeline a last time and closes.
/// </summary>
public sealed class NodeHost : IAsyncDisposable
{
    private static readonly TimeSpan s_lastRun = TimeSpan.FromSeconds(30);

    private readonly NodeState _state;
    private readonly WebApplication _web;
    private readonly NodeTelemetry _telemetry;
    private readonly ILogger<NodeHost> _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly BackgroundThreads _background = new();
    private readonly StockStreams _streams;
    private readonly EndedReservations _ended;
    private Lake? _lake;
    private EventIntake? _intake;
    private MicroBatchLoop? _loop;
    private OwnReconciliation? _reconciling;
    private OwnCompaction? _compacting;
    private Task _looping = Task.CompletedTask;
    private Task _demo = Task.CompletedTask;

    private NodeHost(NodeOptions options)
    {
        _state = new NodeState(options);
        _telemetry = new NodeTelemetry(_state);
        _streams = new StockStreams(_state, _stop.Token);
        _ended = new EndedReservations(_state);
        _web = Build(_state, _telemetry, _streams, _ended, _stop.Token);
        _log = _web.Services.GetRequiredService<ILogger<NodeHost>>();
        _state.Incidents.Noted = incident =>
        {
            _telemetry.Oversold();
            NodeLog.Oversold(_log, incident.Sku, incident.Location, incident.Shortage, incident.Reservations.Count);
        };
    }

    /// <summary>What its parts share.</summary>
    internal NodeState State => _state;

    /// <summary>Where the node listens, with the port it took.</summary>
    public Uri Address => new(_web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Runs a node until <paramref name="cancellationToken"/>, then stops it cleanly.</summary>
    /// <exception cref="LakeException">The options or the project are wrong, or the address or the lake cannot be used.</exception>
    public static async Task RunAsync(NodeOptions options, CancellationToken cancellationToken)
    {
        await using var host = await StartAsync(options, cancellationToken);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(stopped.SetResult);
        await stopped.Task;
        await host.StopAsync();
    }

    /// <summary>Starts a node; it is ready when the call returns.</summary>
    /// <exception cref="LakeException">The options or the project are wrong, or the address or the lake cannot be used.</exception>
    public static async Task<NodeHost> StartAsync(NodeOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        var host = new NodeHost(options);
        try
        {
            if (options.Ingest is null)
            {
                await host.ListenAsync(cancellationToken);
            }

            await host.RecoverAsync(cancellationToken);
            host._looping = host._background.RunAsync(() => host._loop!.RunAsync(host._stop.Token));
            host._state.Kafka = KafkaConsumption.Start(
                host._lake!, host._state, host._intake!, host._telemetry, host._web.Services.GetRequiredService<ILogger<KafkaConsumption>>());
            if (options.Ingest is null)
            {
                Announcement.Write(options, host._lake!, host.Address);
            }

            if (options.Demo)
            {
                var demo = new DemoRetailer(host._state, host.Address, host._web.Services.GetRequiredService<ILogger<DemoRetailer>>());
                host._demo = demo.RunAsync(host._stop.Token);
            }

            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops cleanly: takes nothing more, drains the journal, carries what was acknowledged into Gold.</summary>
    public async Task StopAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        NodeLog.Stopping(_log);
        _state.Stopping();
        await _stop.CancelAsync();
        await _demo;
        await (_state.Kafka?.StopAsync() ?? Task.CompletedTask);
        await _web.StopAsync();
        await _streams.DisposeAsync();
        await _looping;
        await (_reconciling?.EndedAsync() ?? Task.CompletedTask);
        await (_compacting?.EndedAsync() ?? Task.CompletedTask);
        if (_intake is not null && _intake.Failure is null)
        {
            using var limit = new CancellationTokenSource(s_lastRun, _state.Clock);
            while (await _background.RunAsync(() => _loop!.TryRunAsync(limit.Token)) && !_intake.IsRegistered)
            {
                // One run carries a sensible amount; there is more.
            }
        }
    }

    /// <summary>Stops, if that has not been done, and closes the lake.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_state.Kafka is { } kafka)
        {
            await kafka.DisposeAsync();
        }

        if (_intake is not null)
        {
            await _intake.DisposeAsync();
        }

        if (_lake is not null)
        {
            await _lake.DisposeAsync();
        }

        _background.Dispose();
        await _web.DisposeAsync();
        _ended.Dispose();
        _telemetry.Dispose();
        _state.Dispose();
        _stop.Dispose();
    }

    private static WebApplication Build(NodeState state, NodeTelemetry telemetry, StockStreams streams, EndedReservations ended, CancellationToken stop)
    {
        var options = state.Options;

        // The working directory holds the user's files: settings of a web server are not read from it.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning)

            // It would make an activity and a scope for each request, and has nothing to tell: failures are logged where they are answered.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        if (options.Log is { } writer)
        {
            builder.Logging.AddProvider(new LineLoggerProvider(writer, state.Clock));
        }

        builder.WebHost.UseUrls(options.Urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        });
        builder.WebHost.UseSockets(sockets =>
        {
            // A request is begun by the worker that read it and sent by the one that answers it, instead of being handed on for each step. Work that
            // blocks holds up its own connection alone: the pool adds a worker for the next socket before it begins with one.
            sockets.UnsafePreferInlineScheduling = true;
            sockets.WaitForDataBeforeAllocatingBuffer = false;
        });
        if (OperatingSystem.IsLinux())
        {
            builder.Services.AddSingleton<IConnectionListenerFactory, LoopTransport>();
        }

        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        builder.Services.AddOpenApi();

        var web = builder.Build();
        web.UseMiddleware<ProblemMiddleware>();
        web.UseRouting();
        web.UseLoopPlace();
        new EventsEndpoint(state, telemetry).Map(web);
        new FeedsEndpoint(state).Map(web);
        new ConnectorEndpoints(state, telemetry).Map(web);
        new ShopifyEndpoint(state, telemetry).Map(web);
        new StockEndpoints(state).Map(web);
        new StockStreamEndpoint(state, streams, stop).Map(web);
        new ReservationsEndpoint(state, ended).Map(web);
        new IncidentsEndpoint(state).Map(web);
        new SqlEndpoint(state).Map(web);
        new CatalogEndpoints(state).Map(web);
        new HealthEndpoints(state).Map(web);
        HomePage.Map(web);
        web.MapOpenApi();
        return web;
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _web.StartAsync(cancellationToken);
        }
        catch (IOException taken)
        {
            throw new LakeException(LakeErrorKind.Unavailable, $"Cannot listen on {_state.Options.Urls}: {taken.Message}", taken);
        }
    }

    private async Task RecoverAsync(CancellationToken cancellationToken)
    {
        var began = _state.Clock.GetTimestamp();
        try
        {
            _lake = await _background.RunAsync(() => Lake.OpenAsync(_state.Options.EngineOptions(), cancellationToken).AsTask());
            _state.Opened(_lake);
            var policy = StockPolicyFile.Read(_lake.Project, RecordTime.ToMicros(_state.Clock.GetUtcNow()));
            _intake = await EventIntake.OpenAsync(_lake, _state, policy, new LedgerOptions { QuietRules = policy.QuietRules }, cancellationToken);
            _reconciling = new OwnReconciliation(_state, _lake, _telemetry, _web.Services.GetRequiredService<ILogger<OwnReconciliation>>(), _stop.Token);
            _compacting = new OwnCompaction(_lake, _web.Services.GetRequiredService<ILogger<OwnCompaction>>(), _stop.Token);
            _loop = new MicroBatchLoop(_state, _lake, _intake, _telemetry, _reconciling, _compacting, _web.Services.GetRequiredService<ILogger<MicroBatchLoop>>());
            _state.Gold.Publish(await new GoldReader(_lake).ReadAsync(cancellationToken));
            _state.Recovered(_intake);
            NodeLog.Recovered(_log, _intake.Sequence, _state.Lag, _state.Clock.GetElapsedTime(began));
        }
        catch (Exception failure)
        {
            _state.Failed(failure);
            throw;
        }
    }

    /// <summary>The caller decides when the node stops: no signal handlers of its own.</summary>
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
