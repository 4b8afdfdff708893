function ConvertTo-NativeBytes {
    <#
    .SYNOPSIS
    Returns a request as the UTF-8 bytes that cross the boundary.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseSingularNouns', '', Justification = 'Bytes are what it returns.')]
    [OutputType([byte[]])]
    param(
        # JSON text, or a hashtable.
        [object] $Request
    )

    if ($Request -isnot [string]) { $Request = ConvertTo-Json -InputObject $Request -Depth 20 -Compress }
    , [Text.Encoding]::UTF8.GetBytes($Request)
}
