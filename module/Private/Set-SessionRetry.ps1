function Set-SessionRetry {
    <#
    .SYNOPSIS
    Sets how often the Graph module itself repeats a request, and returns how often it did before; nothing where it cannot be set.
    .NOTES
    The engine knows what may be repeated and when. Repeated below it, a request would wait twice as long, and a POST might be done twice.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'A setting of this process, put back at the end.')]
    param(
        [int] $MaxRetry
    )

    if (-not (Get-Command Set-MgRequestContext -ErrorAction Ignore)) { return }
    $before = (Get-MgRequestContext).MaxRetry
    $null = Set-MgRequestContext -MaxRetry $MaxRetry -WhatIf:$false -Confirm:$false
    $before
}
