function New-ClientAssertion {
    <#
    .SYNOPSIS
    Signs with the key of a certificate that this process is an application, and returns the engine's number of the assertion, as the JSON of an answer.
    .NOTES
    The key stays where it is: in a store, a smart card or a module that never gives it away, .NET signs all the same. The assertion lives ten minutes.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes memory alone.')]
    [OutputType([string])]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [hashtable] $Connection,

        # Whom it is for: the address of the sign-in.
        [string] $Audience
    )

    $encode = { param([byte[]] $Bytes) [Convert]::ToBase64String($Bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_') }
    $certificate = $Connection.Certificate
    $now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    $header = @{ alg = 'RS256'; typ = 'JWT'; x5t = & $encode $certificate.GetCertHash() } | ConvertTo-Json -Compress
    $claims = @{
        aud = $Audience; iss = $Connection.ClientId; sub = $Connection.ClientId; jti = [string][guid]::NewGuid(); nbf = $now - 60; exp = $now + 600
    } | ConvertTo-Json -Compress
    $text = (& $encode ([Text.Encoding]::UTF8.GetBytes($header))) + '.' + (& $encode ([Text.Encoding]::UTF8.GetBytes($claims)))
    try {
        $key = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($certificate)
        if (-not $key) { throw 'The certificate has no RSA key that this account may use.' }
        $signature = $key.SignData([Text.Encoding]::UTF8.GetBytes($text), [Security.Cryptography.HashAlgorithmName]::SHA256, [Security.Cryptography.RSASignaturePadding]::Pkcs1)
        '{"secret":' + (Add-NativeSecret $Cmdlet ([Text.Encoding]::UTF8.GetBytes("$text." + (& $encode $signature)))) + '}'
    }
    catch [Management.Automation.PipelineStoppedException] {
        throw
    }
    catch {
        ConvertTo-Json -InputObject @{ failed = $_.Exception.Message } -Compress
    }
}
