function Invoke-SessionRequest {
    <#
    .SYNOPSIS
    Carries out one request of the engine with Invoke-MgGraphRequest, and returns its answer as the JSON that the engine takes.
    .NOTES
    The text stays text: objects made of it, and JSON made of them, would have other dates and numbers.
    #>
    [OutputType([string])]
    param(
        # method, uri, headers, body of the engine's question.
        [object] $Request
    )

    $arguments = @{
        Method = $Request.method; Uri = $Request.uri; Headers = @{}; OutputType = 'HttpResponseMessage'; SkipHttpErrorCheck = $true
        # Whatever the caller prefers: the debug stream of that command shows whole requests.
        ErrorAction = 'Stop'; Verbose = $false; Debug = $false
    }
    foreach ($header in $Request.headers.PSObject.Properties) {
        if ($header.Name -eq 'Content-Type') { $arguments.ContentType = $header.Value } else { $arguments.Headers[$header.Name] = $header.Value }
    }
    if ($null -ne $Request.body) { $arguments.Body = $Request.body }

    $line = [Text.StringBuilder]::new(4096)
    try {
        $message = Invoke-MgGraphRequest @arguments
        $null = $line.Append('{"status":').Append([int]$message.StatusCode).Append(',"headers":{')
        $separator = ''
        foreach ($part in $message.Headers, $message.Content.Headers) {
            foreach ($header in $part) {
                $null = $line.Append($separator)
                Add-SnapshotValue $line ([string]$header.Key) 0
                $null = $line.Append(':')
                Add-SnapshotValue $line ($header.Value -join ', ') 0
                $separator = ','
            }
        }
        $null = $line.Append('},"body":')
        Add-SnapshotValue $line ([string]$message.Content.ReadAsStringAsync().GetAwaiter().GetResult()) 0
        $message.Dispose()
    }
    catch [Management.Automation.PipelineStoppedException] {
        throw
    }
    catch {
        $null = $line.Clear()
        # Without a sign-in, or with one that cannot be renewed, the command does not ask Graph at all.
        if ($_.Exception.Message -match 'Authentication needed|Connect-MgGraph|AuthenticationFailed|AADSTS\d+') {
            $null = $line.Append('{"status":401,"body":')
            $body = [Text.StringBuilder]::new('{"error":{"code":"InvalidAuthenticationToken","message":')
            Add-SnapshotValue $body $_.Exception.Message 0
            Add-SnapshotValue $line ($body.Append('}}').ToString()) 0
        }
        else {
            $null = $line.Append('{"failed":')
            Add-SnapshotValue $line $_.Exception.Message 0
        }
    }
    $line.Append('}').ToString()
}
