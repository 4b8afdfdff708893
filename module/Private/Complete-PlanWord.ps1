function Complete-PlanWord {
    <#
    .SYNOPSIS
    Tab completion of batches and people from the plan, or the plan of batches, that the command line names; of a file that is too large to read, nothing.
    #>
    param(
        # batch, or subject.
        [string] $Kind,
        [string] $Word,
        [Collections.IDictionary] $Bound
    )

    # Relative paths are those of the session, which a completer of a module does not see otherwise.
    $location = $ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath
    $names = [Collections.Generic.SortedSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
    $pattern = if ($Kind -eq 'batch') { '"batch/([^/"\\]+)/' } else { '"name"\s*:\s*"([^"\\{]*@[^"\\]*)"' }
    $named = if ($Bound['Path']) { $Bound['Path'] } else { 'plan.json' }
    foreach ($path in @($named) + @($Bound['BatchPlan'])) {
        if (-not $path) { continue }
        $file = [IO.FileInfo]::new([IO.Path]::Combine($location, $path))
        if (-not $file.Exists -or $file.Length -gt 8MB) { continue }
        foreach ($match in [regex]::Matches([IO.File]::ReadAllText($file.FullName), $pattern)) { $null = $names.Add($match.Groups[1].Value) }
    }
    $typed = $Word.Trim("'", '"')
    foreach ($name in @($names | Where-Object { $_ -like "$typed*" } | Select-Object -First 200)) {
        $text = if ($name -match "[\s'`"``$(){}[\],;]") { "'$($name.Replace("'", "''"))'" } else { $name }
        [Management.Automation.CompletionResult]::new($text, $name, 'ParameterValue', $name)
    }
}
