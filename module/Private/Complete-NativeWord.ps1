function Complete-NativeWord {
    <#
    .SYNOPSIS
    Tab completion from the static lists of native.psd1.
    #>
    param(
        [string] $List,
        [string] $Word
    )

    foreach ($candidate in $NativeCompletion[$List]) {
        if ($candidate -like "$($Word.Trim("'", '"'))*") {
            [Management.Automation.CompletionResult]::new($candidate, $candidate, 'ParameterValue', $candidate)
        }
    }
}
