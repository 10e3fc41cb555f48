using RetailFlow.Cli;

return await TerminalCommand.RunAsync(args);
