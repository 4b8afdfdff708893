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

    $text = [IntPtr]::Zero
    $characters = [char[]]::new($Value.Length)
    $bytes = [byte[]]@()
    try {
        $text = [Runtime.InteropServices.Marshal]::SecureStringToGlobalAllocUnicode($Value)
        [Runtime.InteropServices.Marshal]::Copy($text, $characters, 0, $characters.Length)
        $bytes = [Text.Encoding]::UTF8.GetBytes($characters)
        Add-NativeSecret $Cmdlet $bytes
    }
    finally {
        [Array]::Clear($characters, 0, $characters.Length)
        [Array]::Clear($bytes, 0, $bytes.Length)
        if ($text -ne [IntPtr]::Zero) { [Runtime.InteropServices.Marshal]::ZeroFreeGlobalAllocUnicode($text) }
    }
}
