function Add-NativeSecret {
    <#
    .SYNOPSIS
    Hands bytes to the engine, which keeps them as a secret, and returns the number that requests name them by. The caller wipes its own.
    #>
    [OutputType([uint64])]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [byte[]] $Bytes
    )

    $native = Get-NativeType $Cmdlet
    $engine = Get-NativeEngine $Cmdlet
    $pointer = [IntPtr]::Zero
    $length = [UIntPtr]::Zero
    $secret = [uint64]0
    $status = $native::coexist_secret_new($engine, $Bytes, [UIntPtr][uint64]$Bytes.Length, [ref]$secret, [ref]$pointer, [ref]$length)
    $answer = $native::Take($pointer, $length)
    if ($status -ne $NativeStatus.Ok) { $Cmdlet.ThrowTerminatingError((ConvertTo-NativeErrorRecord $answer)) }
    $secret
}
