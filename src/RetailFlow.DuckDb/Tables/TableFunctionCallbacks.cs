using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RetailFlow.DuckDb.Native;

namespace RetailFlow.DuckDb;

/// <summary>
/// What the engine calls while it binds and scans a managed table. No exception may cross its frames: each callback reports the
/// message to the engine and keeps the exception for the statement's caller.
/// </summary>
internal static unsafe class TableFunctionCallbacks
{
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static void Bind(nint info)
    {
        NamedTable named = Target<NamedTable>(NativeMethods.BindGetExtraInfo(info));
        ulong connectionId = 0;
        try
        {
            NativeMethods.BindGetClientContext(info, out ClientContextHandle context);
            using (context)
            {
                connectionId = NativeMethods.ClientContextGetConnectionId(context);
            }

            RegisteredTable table = named.Registry.Find(named.Name);
            foreach (DuckDbColumnDefinition column in table.Columns)
            {
                using LogicalTypeHandle type = LogicalTypes.Create(column.Type);
                NativeMethods.BindAddResultColumn(info, column.Name, type);
            }

            if (table.Source.EstimatedRows is { } rows)
            {
                NativeMethods.BindSetCardinality(info, checked((ulong)rows), isExact: 0);
            }

            NativeMethods.BindSetBindData(info, Keep(new BoundTable(named.Registry, connectionId, table)), &Destroy);
        }
        catch (Exception exception)
        {
            named.Registry.Fail(connectionId, exception);
            NativeMethods.BindSetError(info, exception.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static void Init(nint info)
    {
        BoundTable bound = Target<BoundTable>(NativeMethods.InitGetBindData(info));
        try
        {
            NativeMethods.InitSetMaxThreads(info, (ulong)Math.Max(1, bound.Table.Source.MaxThreads));
        }
        catch (Exception exception)
        {
            bound.Fail(exception);
            NativeMethods.InitSetError(info, exception.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static void LocalInit(nint info)
    {
        BoundTable bound = Target<BoundTable>(NativeMethods.InitGetBindData(info));
        try
        {
            NativeMethods.InitSetInitData(info, Keep(new TableScan(bound)), &Destroy);
        }
        catch (Exception exception)
        {
            bound.Fail(exception);
            NativeMethods.InitSetError(info, exception.Message);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static void Scan(nint info, nint chunk)
    {
        TableScan scan = Target<TableScan>(NativeMethods.FunctionGetLocalInitData(info));
        try
        {
            NativeMethods.DataChunkSetSize(chunk, (ulong)scan.Read(chunk));
        }
        catch (Exception exception)
        {
            scan.Bound.Fail(exception);
            NativeMethods.FunctionSetError(info, exception.Message);
        }
    }

    /// <summary>Releases what the engine kept; a reader's failure to close has nobody left to report to.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static void Destroy(nint data)
    {
        GCHandle handle = GCHandle.FromIntPtr(data);
        object? target = handle.Target;
        handle.Free();
        try
        {
            (target as IDisposable)?.Dispose();
        }
        catch (Exception exception) when (target is TableScan scan)
        {
            scan.Bound.Fail(exception);
        }
    }

    private static nint Keep(object target) => GCHandle.ToIntPtr(GCHandle.Alloc(target));

    private static T Target<T>(nint data)
        where T : class => (T)GCHandle.FromIntPtr(data).Target!;
}

/// <summary>A table function inside one bound statement.</summary>
internal sealed record BoundTable(TableRegistry Registry, ulong ConnectionId, RegisteredTable Table)
{
    public void Fail(Exception exception) => Registry.Fail(ConnectionId, exception);
}

/// <summary>The reader of one engine thread.</summary>
internal sealed class TableScan(BoundTable bound) : IDisposable
{
    private readonly IChunkReader reader = bound.Table.Source.OpenReader();
    private readonly DuckDbChunkWriter writer = new(bound.Table.Columns.Select(column => column.Type));
    private bool ended;

    public BoundTable Bound => bound;

    public int Read(nint chunk)
    {
        if (ended)
        {
            return 0;
        }

        writer.Attach(chunk);
        try
        {
            int rows = reader.Read(writer);
            if (rows < 0 || rows > writer.Capacity)
            {
                throw new InvalidOperationException($"A chunk reader returned {rows} rows; 0 to {writer.Capacity} are possible.");
            }

            ended = rows == 0;
            return rows;
        }
        finally
        {
            writer.Detach();
        }
    }

    public void Dispose() => reader.Dispose();
}
