function New-GeneratedPassword {
    <#
    .SYNOPSIS
    Makes a password that nobody knows, character by character into a SecureString: 28 characters, of four classes. The caller disposes of it.
    .NOTES
    It is never text. Of all passwords over the alphabet that have every class, each is as likely as any other: one that lacks a class is thrown away.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes memory alone.')]
    [OutputType([securestring])]
    param()

    # Without what some dialog or script would trip over: quotes, backslash, spaces, and letters that look alike.
    $classes = 'ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnopqrstuvwxyz', '23456789', '!#$%*+-.=?@_~'
    $alphabet = [char[]](-join $classes)
    $limit = 256 - 256 % $alphabet.Length
    $random = [Security.Cryptography.RandomNumberGenerator]::Create()
    $bytes = [byte[]]::new(64)
    try {
        while ($true) {
            $password = [securestring]::new()
            $seen = 0
            while ($password.Length -lt 28) {
                $random.GetBytes($bytes)
                foreach ($byte in $bytes) {
                    # The remainder alone would prefer the beginning of the alphabet.
                    if ($byte -ge $limit -or $password.Length -ge 28) { continue }
                    $index = $byte % $alphabet.Length
                    $password.AppendChar($alphabet[$index])
                    $start = 0
                    for ($class = 0; $class -lt $classes.Count; $class++) {
                        if ($index -ge $start -and $index -lt $start + $classes[$class].Length) { $seen = $seen -bor (1 -shl $class) }
                        $start += $classes[$class].Length
                    }
                }
            }
            if ($seen -eq 15) { break }
            $password.Dispose()
        }
        $password.MakeReadOnly()
        $password
    }
    finally {
        [Array]::Clear($bytes, 0, $bytes.Length)
        $random.Dispose()
    }
}
