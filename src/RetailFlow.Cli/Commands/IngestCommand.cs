using System.CommandLine;
using RetailFlow.Node;
using RetailFlow.Node.Kafka;

namespace RetailFlow.Cli.Commands;

/// <summary><c>ingest [SOURCE]</c>: what the configured topics have at this moment.</summary>
internal static class IngestCommand
{
    private const int Patience = 60;
    private static readonly string[] s_columns = ["source", "topic", "partition", "position", "last_message_at"];

    public static ExampledCommand Create()
    {
        var source = new Argument<string?>("SOURCE") { Description = "A source of the project's kafka.yml; all of them without it.", Arity = ArgumentArity.ZeroOrOne };
        var patience = ValueOptions.Count("--patience", $"Seconds to wait for brokers and partitions without taking anything (default {Patience}).");
        return new ExampledCommand(
            "ingest",
            "Takes what the topics of kafka.yml have, carries it into the tables and ends; a running node does so by itself.",
            "retailflow ingest tills",
            RunAsync)
        {
            source, patience,
        };

        async Task<ExitCode> RunAsync(CommandRun run)
        {
            var options = new NodeOptions { Lake = run.LakeOptions(), Log = run.Host.Error };
            var partitions = await KafkaIngest.RunAsync(options, run.Get(source), TimeSpan.FromSeconds(run.Get(patience) ?? Patience), run.Cancellation);
            run.Results().Rows(s_columns, partitions.Select(p => new object?[] { p.Source, p.Topic, p.Partition, p.Position, p.LastMessageAt }));
            return ExitCode.Done;
        }
    }
}
