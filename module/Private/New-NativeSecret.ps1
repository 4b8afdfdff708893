function New-NativeSecret {
    <#
    .SYNOPSIS
    Hands the bytes of a SecureString to the engine and returns the number that requests name them by. No .NET string is made of them.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes memory alone.')]
    [OutputType([uint64])]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [securestring] $Value
    )

    $native = Get-NativeType $Cmdlet
    $engine = Get-NativeEngine $Cmdlet
    $pointer = $text = [IntPtr]::Zero
    $length = [UIntPtr]::Zero
    $secret = [uint64]0
    $characters = [char[]]::new($Value.Length)
    $bytes = [byte[]]@()
    try {
        $text = [Runtime.InteropServices.Marshal]::SecureStringToGlobalAllocUnicode($Value)
        [Runtime.InteropServices.Marshal]::Copy($text, $characters, 0, $characters.Length)
        $bytes = [Text.Encoding]::UTF8.GetBytes($characters)
        $status = $native::coexist_secret_new($engine, $bytes, [UIntPtr][uint64]$bytes.Length, [ref]$secret, [ref]$pointer, [ref]$length)
        $answer = $native::Take($pointer, $length)
        if ($status -ne $NativeStatus.Ok) { $Cmdlet.ThrowTerminatingError((ConvertTo-NativeErrorRecord $answer)) }
    }
    finally {
        [Array]::Clear($characters, 0, $characters.Length)
        [Array]::Clear($bytes, 0, $bytes.Length)
        if ($text -ne [IntPtr]::Zero) { [Runtime.InteropServices.Marshal]::ZeroFreeGlobalAllocUnicode($text) }
    }
    $secret
}
