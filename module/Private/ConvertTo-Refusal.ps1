function ConvertTo-Refusal {
    <#
    .SYNOPSIS
    Returns what a command of a service said no with, as the JSON of an answer.
    #>
    [OutputType([string])]
    param(
        [Management.Automation.ErrorRecord] $ErrorRecord
    )

    $inner = $ErrorRecord.Exception
    while ($inner.InnerException) { $inner = $inner.InnerException }
    # A service behind a web request says it in the details, and the exception only that the request failed.
    $message = if ($ErrorRecord.ErrorDetails -and $ErrorRecord.ErrorDetails.Message) { $ErrorRecord.ErrorDetails.Message } else { $inner.Message }
    $type = if ($inner.Data['ServiceException']) { [string]$inner.Data['ServiceException'] } else { $inner.GetType().FullName }
    $line = [Text.StringBuilder]::new('{"refused":')
    Add-SnapshotValue $line ([ordered]@{
            id = [string]$ErrorRecord.FullyQualifiedErrorId; message = [string]$message; category = [string]$ErrorRecord.CategoryInfo.Category; exception = $type
        }) 0
    $line.Append('}').ToString()
}
