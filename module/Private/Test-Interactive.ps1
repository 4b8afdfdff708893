function Test-Interactive {
    <#
    .SYNOPSIS
    Whether somebody can be asked in this session: not in a service, a scheduled task, a runspace without a user, or with input from elsewhere.
    #>
    [OutputType([bool])]
    param()

    if (-not [Environment]::UserInteractive -or $Host.Name -eq 'Default Host') { return $false }
    foreach ($argument in [Environment]::GetCommandLineArgs() | Select-Object -Skip 1) {
        if ($argument -match '^[-/]{1,2}noni') { return $false }
        # What follows belongs to the script.
        if ($argument -match '^[-/]{1,2}(f|fi|fil|file|c|co\w*|e|ec|en\w*)$') { break }
    }
    $Host.Name -ne 'ConsoleHost' -or -not [Console]::IsInputRedirected
}
