function ConvertTo-NativeErrorRecord {
    <#
    .SYNOPSIS
    Turns an error object of the engine (JSON, or already parsed) into an ErrorRecord.
    #>
    param(
        [object] $Problem,

        # What the error is about, when the caller has the object; else the engine's own word for it.
        [object] $Target,

        # What an administrator calls that object, to begin the message with.
        [string] $Label
    )

    if ($Problem -is [string]) { $Problem = ConvertFrom-NativeJson $Problem }
    $message = $Problem.message
    if ($Label) { $message = "$Label`: $message" }
    if ($Problem.file) {
        $place = $Problem.file
        if ($Problem.line) { $place = "$place`:$($Problem.line)" }
        $message = "$place`: $message"
    }
    if ($null -eq $Target) { $Target = $Problem.target }
    $category = [Management.Automation.ErrorCategory]::NotSpecified
    $null = [Enum]::TryParse([string]$Problem.category, [ref]$category)

    $exception = [InvalidOperationException]::new($message)
    foreach ($name in 'file', 'line', 'causes') {
        if ($Problem.$name) { $exception.Data[$name] = $Problem.$name }
    }
    [Management.Automation.ErrorRecord]::new($exception, $Problem.code, $category, $Target)
}
